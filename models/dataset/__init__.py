"""The feature table as models see it: rows, matrix, split in time."""
