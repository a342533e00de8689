"""Contacts as files: which columns, how people are walked through, and a writer for each format."""
