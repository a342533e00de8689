"""Move-in kits: what the exports of other tools look like, one module each, and how they are told apart."""
