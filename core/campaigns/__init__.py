"""Campaigns: drafting one, launching it, pausing, resuming and cancelling it."""
