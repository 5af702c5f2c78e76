"""Making what the model learns from, and learning it. Nothing of this is loaded by the product."""
