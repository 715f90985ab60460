"""What the watch looks at: the feeds, the accounts, the scores, and what came of them."""
