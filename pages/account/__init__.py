"""Screens for those who run the workspace."""
