"""Pages of this part of the menu."""
