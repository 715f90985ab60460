"""What was knowable about an account on a day."""
