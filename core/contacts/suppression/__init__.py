"""Addresses nobody may write to, here and everywhere, also after they were erased."""
