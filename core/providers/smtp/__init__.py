"""SMTP: delivery through any mail server."""
