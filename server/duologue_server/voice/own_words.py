"""Whether recognised words are the partner's own, come back from the loudspeaker.

The canceller is the first line; this is the last, for the second before it knows the room: an answer to one's own words
is the worst that a partner can say.
"""

import re

from rapidfuzz import fuzz

LEAST_WORDS = 4
"""People repeat a word or two to ask about them: "in total?"."""
LIKE, SHORT_LIKE = 80.0, 86.0
"""Likeness, 0 to 100, of the words to a stretch of what was said: an echo is recognised with errors. Of a few words
more is asked, because people break in with words like ours: "what is wrong here?" into "what is wrong, how …"."""
SHORT_WORDS = 5
MOST_LONGER = 1.2


def is_own(text: str, said: str) -> bool:
    """Whether `text` is a stretch of what was just `said`."""
    words = _bare(text)
    count = len(words.split())
    if count < LEAST_WORDS:
        return False
    like = SHORT_LIKE if count <= SHORT_WORDS else LIKE
    # The shorter of the two is looked for in the longer: what is longer than all that was said is not our own.
    return len(text) <= MOST_LONGER * len(said) and fuzz.partial_ratio(words, _bare(said)) >= like


def _bare(text: str) -> str:
    return " ".join(re.sub(r"[^\w ]", " ", text.lower()).split())
