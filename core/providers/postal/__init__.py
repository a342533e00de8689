"""Postal, a mail server one runs oneself."""
