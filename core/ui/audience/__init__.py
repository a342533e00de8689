"""What pages about people are made of."""
