"""The voice process: ear, voice, floor, and the loop that joins them."""
