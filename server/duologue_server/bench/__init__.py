"""Measures this machine: how fast a key silences, an answer begins, everything starts, and what it costs to listen."""
