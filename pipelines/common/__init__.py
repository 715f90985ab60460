"""What several rooms need: atomic files, a lock, progress, SQL quoting."""
