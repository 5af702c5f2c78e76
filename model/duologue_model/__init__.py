"""The interaction model: who has the floor, decided every 80 ms.

This package knows no editor, device, thread or wall clock. Audio goes in as samples, time is counted in
samples, and all streaming state is passed in and returned.
"""

from duologue_model.engine import Decision, Engine
from duologue_model.slices import RATE_HZ, SLICE_MS, SLICE_SAMPLES, Slice
from duologue_model.vocabulary import Action, ForcedToken, UserState

__all__ = [
    "RATE_HZ",
    "SLICE_MS",
    "SLICE_SAMPLES",
    "Action",
    "Decision",
    "Engine",
    "ForcedToken",
    "Slice",
    "UserState",
]
