"""One module per group of checks; each runs in a process of its own."""
