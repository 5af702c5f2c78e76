"""The demo: a recorded session replayed while one watches, then as a picture and as sound."""
