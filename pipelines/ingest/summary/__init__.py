"""What the checked tables say about the business: figures, and hints at a wrong mapping."""
