"""The API's documents and the clients made from them."""
