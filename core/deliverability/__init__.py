"""Sender domains: what has to stand in their DNS, whether it does, and our own DKIM signatures."""
