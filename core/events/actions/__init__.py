"""What events lead to: one module per kind of event, each an idempotent function on the caller's transaction."""
