"""A simulated session to look at: both sounds, who speaks, keys, and what the partner should do."""

from pathlib import Path

import numpy as np

from duologue_model.slices import RATE_HZ
from duologue_model.training.example import AGENDA_FIELDS, EDITOR_FIELDS, IGNORED, SessionExample
from duologue_model.training.floorlog import SLICE_S
from duologue_model.vocabulary import Action, UserState


def draw(session: SessionExample, file: Path) -> None:
    """Writes a PNG. Needs matplotlib."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    slices = len(session.action)
    times = (np.arange(slices) + 1) * SLICE_S
    figure, axes = plt.subplots(5, 1, figsize=(16, 11), sharex=True, height_ratios=[1, 1, 1.2, 2, 2])
    for axis, sound, name in zip(
        axes, (session.microphone, session.playback), ("microphone", "playback"), strict=False
    ):
        step = 40
        axis.plot(np.arange(0, len(sound), step) / RATE_HZ, sound[::step], linewidth=0.4, color="black")
        axis.set_ylabel(name)
    rows = {
        "user speaks": session.user_voice.any(axis=1),
        "partner speaks": session.own_voice.any(axis=1),
        "keys": session.editor[:, EDITOR_FIELDS.index("keys")] > 0,
        "offer waits": session.agenda[:, AGENDA_FIELDS.index("waiting_offer")] > 0,
        "reply waits": session.agenda[:, AGENDA_FIELDS.index("waiting_reply")] > 0,
    }
    for height, (name, active) in enumerate(rows.items()):
        axes[2].fill_between(times, height, height + 0.8 * active, step="pre", label=name)
    axes[2].set_yticks(np.arange(len(rows)) + 0.4, list(rows))
    for axis, values, names in (
        (axes[3], session.action, list(Action)),
        (axes[4], session.user, list(UserState)),
    ):
        known = values != IGNORED
        axis.plot(times[known], values[known], "o", markersize=3, label="right", color="tab:green")
        axis.plot(times[~known], np.full(int((~known).sum()), -1), "|", color="tab:gray")
        axis.set_yticks(range(-1, len(names)), ["(ignored)", *names])
        axis.grid(axis="y", alpha=0.3)
    done = np.append(session.own[1:], session.own[-1])
    axes[3].plot(times, done + 0.25, ".", markersize=2, color="tab:red", label="done")
    axes[3].legend(loc="upper right")
    shown = ""
    for index, text in enumerate(session.words):
        if text != shown and text and len(text) > len(shown) + 12:
            axes[1].text(times[index], 0.0, text[-24:], fontsize=6, rotation=30)
            shown = text
        shown = text if not text else shown
    axes[4].set_xlabel("seconds")
    figure.suptitle(f"{session.name}: {session.scenario}")
    figure.tight_layout()
    figure.savefig(file, dpi=80)
    plt.close(figure)
