"""``build``: the feature table, on DuckDB, PostgreSQL or Spark."""
