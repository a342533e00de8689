"""Who is looking: sign-in, second factor, invitations, identity providers."""
