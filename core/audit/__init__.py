"""Who did what, from where, and what it changed: a log that can only grow and that shows when it was tampered with."""
