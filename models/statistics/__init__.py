"""Figures and intervals that several rooms need."""
