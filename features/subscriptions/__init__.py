"""What the subscription lines of an account say: running, changed, contracted."""
