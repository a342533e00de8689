"""What people outside see and answer: sign-up forms, and the page where somebody chooses what they get."""
