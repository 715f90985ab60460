"""What the weekly page says: inputs, wording, tables and charts."""
