"""Templates, their drafts and versions: kept, found, put in order, compared."""
