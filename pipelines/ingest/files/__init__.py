"""Reading files: CSV, Excel and JSON as texts, Parquet with its types."""
