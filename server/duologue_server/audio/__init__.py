"""Samples in and samples out; no meaning. Only this package imports sounddevice."""
