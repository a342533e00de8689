"""Pictures for emails: looked at with suspicion, made anew, kept for good, served to everybody."""
