"""The ledger of every email, and the loop that delivers what it holds."""
