"""The screens, one file each, in a folder per area."""
