"""From the journal to the lake: the ingester's pipeline and what each kind of event changes."""
