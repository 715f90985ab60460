"""The API's requests and answers, a file a subject."""
