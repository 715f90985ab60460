"""The API's requests and responses, one file per subject."""
