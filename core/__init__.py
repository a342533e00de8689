"""Postwright's rooms: every part of the product that is not a page or the receiver. The map is `core/README.md`."""
