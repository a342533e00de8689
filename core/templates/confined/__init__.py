"""A process of its own, which can be killed, for what nobody has checked yet."""
