"""A company's own feature columns, held against its data: no future, no chance, no clock."""
