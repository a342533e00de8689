"""Rules that choose people, compiled to one parametrised statement."""
