"""The command line: `postwright`, one module per noun."""
