"""What pages about results are made of."""
