"""``export``: the fields of the CRM, as files that it can load."""
