"""Reading files whose values are texts: CSV, Excel and JSON."""
