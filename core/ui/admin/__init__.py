"""What the pages of whoever runs it are made of."""
