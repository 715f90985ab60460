"""The newest scoring in memory, from which look-ups are answered."""
