"""What a brand is: its colours, fonts and words, and whether they can be read."""
