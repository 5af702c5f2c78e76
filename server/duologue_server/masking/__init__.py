"""Takes secrets out of text before it leaves the process. No I/O; imports nothing of ours."""
