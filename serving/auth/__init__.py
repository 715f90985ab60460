"""Who may call what: keys, scopes, sessions, rate limits."""
