"""Problems planted in real files, and clean edits of the same files: what would be spoken of them.

`python -m duologue_server.evaluate.planted` prints precision, recall by class, and how many clean edits stay silent.
"""
