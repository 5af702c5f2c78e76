"""How long fingers take, and how they err.

Sources. Between two keys of one burst: a log-normal distribution whose spread was measured in two recordings of typing
(84 and 33 onsets; standard deviation of the logarithm 0.38 and 0.29, medians 0.10 and 0.09 s), and whose mean lies
between those fast typists and the 52 words a minute, 0.23 s a key, of 168,000 volunteers (Dhakal et al., Observations
on Typing from 136 Million Keystrokes, CHI 2018). Pauses: the classes micro, 2 to 15 s, short, 15 to 180 s, and mid, 3
to 10 minutes, of Shrestha et al., Pausing While Programming, ICSE-SEET 2022. How often each comes, which keys err and
how soon that is noticed was not to be had as numbers: these are guesses, and marked as such below.
"""

import math
import random

KEY_MEAN_S = (0.12, 0.23)
"""Of one session, evenly between the fast recordings and the average of the volunteers."""
KEY_SPREAD = 0.38
SYMBOL_SLOWER = 1.6
"""Signs of code lie further away than letters (a guess)."""
MICRO_S, SHORT_S, MID_S = (2.0, 15.0), (15.0, 180.0), (180.0, 600.0)
TYPO_SHARE = 0.02
"""Of the letters typed (a guess)."""
NOTICED_AFTER = (0, 3)
"""Characters typed after a wrong one before it is seen (a guess)."""
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


class Fingers:
    """Everything that is drawn, from one generator: the same seed types the same."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)
        self._mean_s = self.random.uniform(*KEY_MEAN_S)

    def key_s(self, character: str) -> float:
        """From the key before to this one."""
        plain = character.isalnum() or character in " \n"
        mean_s = self._mean_s * (1.0 if plain else SYMBOL_SLOWER)
        return max(0.03, self.random.lognormvariate(math.log(mean_s) - KEY_SPREAD**2 / 2, KEY_SPREAD))

    def repeat_s(self) -> float:
        """Between two of a run of equal keys, such as Backspace."""
        return max(0.03, self.random.lognormvariate(math.log(0.09), 0.2))

    def pause_s(self, between: tuple[float, float]) -> float:
        """Of one class, evenly on a logarithmic scale."""
        low, high = between
        return low * math.exp(self.random.random() * math.log(high / low))

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def typo(self, character: str) -> str:
        """The key beside the wanted one; empty when this one is not missed."""
        if not character.isalpha() or not character.islower() or not self.chance(TYPO_SHARE):
            return ""
        for row in _ROWS:
            at = row.find(character)
            if at >= 0:
                beside = [row[near] for near in (at - 1, at + 1) if 0 <= near < len(row)]
                return self.random.choice(beside)
        return ""
