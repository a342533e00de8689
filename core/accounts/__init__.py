"""People, what they may do, and the sessions they are signed in with."""
