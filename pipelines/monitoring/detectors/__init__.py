"""What is measured week by week: feeds, features, scores, outcomes."""
