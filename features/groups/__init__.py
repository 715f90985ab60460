"""The features themselves, one file a group."""
