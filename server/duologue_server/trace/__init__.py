"""Time and truth: the clocks, the facts that happened, and the session folders they are kept in."""
