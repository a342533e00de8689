"""The language templates are written in: its fields and filters, what may stand in one, and how much it may do."""
