"""Progress of long work on standard error: done, rate, time left."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

LINE_SECONDS = 30.0
"""Seconds between lines where standard error is no terminal."""


class Advance:
    """Tells how far the work is: call it for more steps, or :meth:`show` where it stands.

    Where standard error is a terminal a bar is drawn; elsewhere a plain line is written at the
    start and now and then.
    """

    def __init__(self, title: str, total: int, *, shown: bool = True) -> None:
        from rich.console import Console

        self._title, self._total, self._done, self._note = title, total, 0, ""
        self._shown = shown
        self._console = Console(stderr=True)
        self._bar = _Bar(title, total, self._console) if self._console.is_terminal else None
        self._began = self._last = time.monotonic()
        self._before = 0  # done before this work began: no part of its rate

    def __enter__(self) -> Advance:
        if self._shown and self._bar is not None:
            self._bar.start()
        elif self._shown:
            self._write(f"{self._title} ({self._total})")
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown and self._bar is not None:
            self._bar.stop()

    def __call__(self, steps: int = 1) -> None:
        """``steps`` more are done."""
        self.show(self._done + steps)

    def already(self, steps: int) -> None:
        """``steps`` were done before this work began."""
        self._before = steps
        self.show(steps)

    def show(self, done: int, note: str = "") -> None:
        """So many are done in all, with a word about them."""
        self._done, self._note = done, note
        if not self._shown:
            return
        if self._bar is not None:
            self._bar.show(done, self._told())
            return
        now = time.monotonic()
        if now - self._last >= LINE_SECONDS:
            self._last = now
            self._write(f"{self._title}: {done}/{self._total}, {self._told()}{self._left()}")

    @property
    def _rate(self) -> float:
        return (self._done - self._before) / max(time.monotonic() - self._began, 1e-9)

    def _told(self) -> str:
        rate = f"{self._rate:.3g}/s" if self._done > self._before else ""
        return ", ".join(part for part in (rate, self._note) if part)

    def _left(self) -> str:
        rate = self._rate
        return f", about {(self._total - self._done) / rate:.0f} s left" if rate > 0 else ""

    def _write(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


class _Bar:
    """A bar of rich."""

    def __init__(self, title: str, total: int, console: object) -> None:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[told]}", markup=False),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,  # type: ignore[arg-type]
        )
        self._task = self._progress.add_task(title, total=total, told="")
        self.start, self.stop = self._progress.start, self._progress.stop

    def show(self, done: int, told: str) -> None:
        self._progress.update(self._task, completed=done, told=told)


@contextmanager
def progress(title: str, total: int, *, shown: bool = True) -> Iterator[Advance]:
    """Show how far the work in the block is; nothing where there is none."""
    with Advance(title, total, shown=shown and total > 0) as advance:
        yield advance


def say(message: str) -> None:
    """One line about the work on standard error."""
    from rich.console import Console

    Console(stderr=True).print(message, markup=False, highlight=False, soft_wrap=True)
