"""The same email in several languages, and who gets which."""
