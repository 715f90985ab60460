"""What several rooms need: a lock, progress, SQL quoting."""
