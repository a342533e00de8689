"""The block document: what the visual editor edits, what it compiles to, and the steps of editing it."""
