"""Structural rules: a query, a sentence, and at most one named check for what a query cannot say."""
