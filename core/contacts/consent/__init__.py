"""What people agreed to, what they want, and how we know."""
