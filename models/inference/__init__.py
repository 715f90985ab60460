"""From a row of the feature table to a probability and an amount."""
