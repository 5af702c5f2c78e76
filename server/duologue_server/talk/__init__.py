"""A conversation in the terminal: the product without an editor."""
