"""Real editing, recorded: the history of open-source projects, typed again key by key, and what is said meanwhile.

`python -m duologue_server.evaluate.editing` prints what was shown and spoken in an hour of it, and `--hours 24` also
what the memory did. The commits are real; the fingers, the pauses and the planted problems are synthetic.
"""
