"""The plugin by which Dask workers receive shared values; importing it needs Dask."""

from __future__ import annotations

from typing import Any

from forescale._machine.executors.sharing import forget, receive
from forescale._machine.imports import optional

_WorkerPlugin: Any = optional("distributed", "cluster").WorkerPlugin


class SharedPlugin(_WorkerPlugin):  # type: ignore[misc]
    """Hands a value's bytes to a worker when it starts, and takes them back at the end."""

    def __init__(self, name: str, payload: bytes, files: dict[str, bytes]) -> None:
        self.name, self._payload, self._files = name, payload, files

    def setup(self, worker: Any) -> None:  # noqa: ARG002
        """Keep the bytes until a task asks for the value."""
        receive(self.name, self._payload, self._files)

    def teardown(self, worker: Any) -> None:  # noqa: ARG002
        """Forget the value."""
        forget(self.name)
