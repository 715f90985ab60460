"""The only place where tables meet dates: what was known before a day."""
