"""Any other system that reports in our own JSON."""
