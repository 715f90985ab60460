"""What waits on disk until the store can take it."""
