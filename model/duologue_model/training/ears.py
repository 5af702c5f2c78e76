"""How well the simulated partner knows when somebody speaks: from the truth it would learn to wait, and not to hear."""

from numpy.random import Generator


class Ears:
    """Late, lingering, and often wrong; drawn anew for every session."""

    def __init__(self, rng: Generator) -> None:
        self._rng = rng
        self._late_slices = int(rng.integers(0, 4))
        self._linger_slices = int(rng.integers(0, 5))
        self._misses = float(rng.uniform(0.0, 0.2))
        """Share of stretches of speech that are never noticed."""
        self._echo_alarms = float(rng.choice([0.0, 0.0, 0.03]))
        """Chance in each slice to take the partner's own voice for somebody's."""
        self.blind = bool(rng.random() < 0.2)
        """The clock of the user's voice never runs."""
        self._missing = False
        self._speech_run = self._linger = 0

    def hear(self, speech: bool, noise: bool, echo: bool) -> bool:
        """Whether somebody seems to speak in the next slice, given what sounds in it."""
        if not speech:
            self._speech_run = 0
        elif self._speech_run == 0:
            self._missing = bool(self._rng.random() < self._misses)
        self._speech_run += speech
        heard = speech and not self._missing and self._speech_run > self._late_slices
        if heard:
            self._linger = self._linger_slices
        elif self._linger > 0:
            self._linger, heard = self._linger - 1, True
        false_alarm = 0.3 * noise + self._echo_alarms * echo
        return heard or bool(self._rng.random() < false_alarm)
