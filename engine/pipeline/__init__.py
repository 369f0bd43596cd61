"""The steps of one request."""
