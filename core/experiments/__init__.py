"""A/B tests: who gets which arm, and what the difference can and can't tell."""
