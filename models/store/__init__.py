"""The score store: scores, forecasts, feedback, keys, audit log, outbox."""
