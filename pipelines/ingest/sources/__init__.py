"""Reading files and databases."""
