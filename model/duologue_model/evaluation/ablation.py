"""What engines can be left without, to see what it is worth; they are played through `rollout.BlankedPolicy`.

Blanked at run time, a network that was trained with the stream meets what it never met, so the loss is an upper bound.
The honest ablation is a network that was trained without it (`train --without`), and is never shown it.
"""

ABLATIONS = ("playback", "editor", "words", "user clock")
"""By the names of `blanks.BLANKS`."""
