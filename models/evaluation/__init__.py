"""How good a model is on dates that it has not seen."""
