"""Where a value of the feature table comes from, row by row."""
