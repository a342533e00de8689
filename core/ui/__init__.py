"""What people see: the server, the sign-in, the frame of every page, and the parts pages are made of."""
