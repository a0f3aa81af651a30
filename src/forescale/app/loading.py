"""The libraries of the screens, loaded by one thread at a time.

Importing a package whose modules know each other from two threads at once can fail: each waits
for the other, and Python hands out a module that is not whole. The app's home page needs none of
them; every other screen waits here until all are there.
"""

from __future__ import annotations

import threading
import time

_LOADING = threading.Lock()
_loaded = threading.Event()
_USUAL = 6.0
_took = _USUAL


def load() -> None:
    """Load what the screens need, or wait until another thread has."""
    global _took
    if _loaded.is_set():
        return
    with _LOADING:
        if _loaded.is_set():
            return
        began = time.perf_counter()
        import forescale.app.drafting
        import forescale.app.estimate
        import forescale.app.views.campaign
        import forescale.app.views.compare
        import forescale.app.views.data
        import forescale.app.views.new_study
        import forescale.app.views.plan
        import forescale.app.views.predict
        import forescale.app.views.results
        import forescale.app.views.running
        import forescale.face
        import forescale.growth
        import forescale.simulation.standing  # noqa: F401

        _took = time.perf_counter() - began
        _loaded.set()


def loaded() -> bool:
    """Whether all of them are there."""
    return _loaded.is_set()


def seconds_loading() -> float:
    """Seconds that loading them took, as it will take a process that begins anew."""
    return _took
