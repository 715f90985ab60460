"""One revision a change, the oldest first."""
