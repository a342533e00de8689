"""HTML and MJML as text: read piece by piece, compiled, with Jinja out of the way, and told as plain text."""
