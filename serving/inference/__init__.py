"""Scoring rows with the release in use."""
