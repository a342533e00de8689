"""Fakes of the services mail is sent through: each checks, substitutes and answers as its vendor's documentation says."""
