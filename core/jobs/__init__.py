"""Work in the background: doorbells, the sweeper that rings again, and the process that answers them."""
