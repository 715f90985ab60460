"""API keys, the audit log and erasure."""
