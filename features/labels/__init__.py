"""The targets, and the window in which their outcome is decided."""
