"""Screens about somebody's own account."""
