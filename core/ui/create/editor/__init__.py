"""The visual editor of block documents: what is edited, the steps, the panel of the chosen part, and what is shown."""
