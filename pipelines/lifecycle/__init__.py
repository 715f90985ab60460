"""``train``, ``promote``, ``rollback``: versions and what is in use."""
