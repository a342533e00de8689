"""The ways mail leaves: one folder per kind of provider, and the connections people configure."""
