"""Templates as files."""
