"""The outbox: the provider that keeps every email as a file instead of sending it, and the mailbox that shows them."""
