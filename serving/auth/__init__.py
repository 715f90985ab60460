"""Who may ask what: keys, scopes, sessions, rate limits."""
