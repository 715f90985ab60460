"""Monitoring: feeds, model inputs, scores, and forecasts against actuals."""
