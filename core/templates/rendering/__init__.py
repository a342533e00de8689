"""A compiled template and one contact to a finished email; light enough for the receiver."""
