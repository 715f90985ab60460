"""The tables that the demo company leaves behind."""
