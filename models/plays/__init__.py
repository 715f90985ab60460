"""What to do about an account, and who does it first."""
