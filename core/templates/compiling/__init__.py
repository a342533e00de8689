"""Source to finished template, once per version."""
