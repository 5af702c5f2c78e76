"""A process that must not outlive another: watches it, and says when it is gone."""

import os
import threading
from collections.abc import Callable

POLL_S = 0.5


def watch_parent(pid: int, on_gone: Callable[[], None], poll_s: float = POLL_S) -> Callable[[], None]:
    """Calls `on_gone` once, on a thread of its own, within about `poll_s` after process `pid` has ended.

    A process that takes over the number is told apart by its time of birth; one that is dead and only not yet reaped
    counts as gone. Returns a function that ends the watch. Raises ProcessLookupError if there is no such process now.
    """
    import psutil  # 20 ms that the start of the language server can do without

    try:
        parent = psutil.Process(pid)
    except psutil.NoSuchProcess as error:
        raise ProcessLookupError(f"there is no process {pid}") from error
    ended = threading.Event()

    def alive() -> bool:
        try:
            return bool(parent.is_running() and parent.status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False
        except psutil.AccessDenied:
            return True

    def poll() -> None:
        while not ended.wait(poll_s):
            if not alive():
                on_gone()
                return

    threading.Thread(target=poll, name=f"watch-{pid}", daemon=True).start()
    return ended.set


def die_with_parent(pid: int, last_words: Callable[[], None] | None = None) -> Callable[[], None]:
    """Ends this process, at once and whatever it does, when process `pid` is gone; see `watch_parent`.

    `last_words` is called before, and must be quick.
    """

    def gone() -> None:
        try:
            if last_words is not None:
                last_words()
        finally:
            os._exit(1)

    return watch_parent(pid, gone)
