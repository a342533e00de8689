"""A last look at an email before anybody gets it: what must be mended first, and what had better be."""
