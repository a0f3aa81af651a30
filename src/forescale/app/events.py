"""Tells watching pages that a folder has changed: server-sent events from times of files."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from zlib import crc32

from fastapi import Request

SECONDS = 1.0
_BEAT = 15.0
_FILES = (
    "manifest.json", "errors", "plan.json", "lost.json", "report.html", "model", "status.json",
    "health.json", "results", "rounds", "loop.toml", ".job.json", ".job.log", ".lock-holder.json",
)  # fmt: skip


def mark(path: Path) -> str:
    """Return a short word that changes with a folder's files.

    >>> mark(Path("nowhere")) == mark(Path("nowhere"))
    True
    """
    told: list[tuple[str, int, int]] = []
    for name in _FILES:
        try:
            found = (path / name).stat()
        except OSError:
            continue
        told.append((name, found.st_mtime_ns, found.st_size))
    for part in _campaigns(path):
        told.append((part.name, part.stat().st_mtime_ns, 0))
    return f"{crc32(repr(told).encode()):08x}"


def _campaigns(path: Path) -> list[Path]:
    """Status files of the arms of a loop."""
    return sorted(path.glob("arms/*/results/status.json"))


class Watcher:
    """Marks of watched folders, taken at most once in `SECONDS` however many watch."""

    def __init__(self) -> None:
        self._marks: dict[Path, tuple[float, str]] = {}

    def mark(self, path: Path) -> str:
        """The mark of a folder, at most `SECONDS` old."""
        now = time.monotonic()
        kept = self._marks.get(path)
        if kept is None or now - kept[0] >= SECONDS * 0.9:
            kept = (now, mark(path))
            self._marks[path] = kept
        return kept[1]

    async def stream(self, request: Request, path: Path, seen: str) -> AsyncIterator[str]:
        """Yield an event whenever a folder changed, and a beat now and then.

        Parameters
        ----------
        seen
            The mark that the page was made at.
        """
        beat = time.monotonic()
        yield "retry: 2000\n\n"
        while not await request.is_disconnected():
            now = self.mark(path)
            if now != seen:
                seen = now
                yield f"event: change\ndata: {now}\n\n"
            elif time.monotonic() - beat > _BEAT:
                beat = time.monotonic()
                yield f": {os.getpid()}\n\n"
            await asyncio.sleep(SECONDS)
