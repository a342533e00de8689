"""What the API is about, a noun a file."""
