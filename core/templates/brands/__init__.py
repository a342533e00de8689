"""Brand kits: the logo, colours, fonts and footer that emails of one sender share."""
