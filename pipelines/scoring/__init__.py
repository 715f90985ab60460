"""``score`` and what follows from scores: plays, forecasts, changes."""
