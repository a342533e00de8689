"""What is known about a person: where it lies, how they get a copy of it, how it goes, how long it stays, and by when they are answered."""
