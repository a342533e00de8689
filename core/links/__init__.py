"""Tracked links: signed tokens that can't be forged, and where each link leads."""
