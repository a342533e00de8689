"""What pages about campaigns and templates are made of."""
