"""Where state lives: the database, its migrations, the journal, the lake with its manifest, blobs and secrets at rest."""
