"""The folder that servers load: model text, JSON, golden rows, hashes."""
