"""Dask distributed: an address of a running scheduler, or workers of our own on this machine.

Results are gathered and released as they come, since a worker that goes takes those that it
still holds with it. What a task tells travels through the scheduler as an event.
"""

from __future__ import annotations

import pickle
import queue
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from forescale._machine.executors.contract import (
    Ended,
    Event,
    Executor,
    Health,
    Node,
    Resources,
    Told,
)
from forescale._machine.executors.dask_node import on_worker
from forescale._machine.executors.remote import Answer, Call
from forescale._machine.executors.sharing import Shared, files_of, pack
from forescale._machine.imports import optional
from forescale._machine.progress import say
from forescale.errors import ForescaleError, RequestError

_SILENT = "no answer for"
_LOOK = 2.0  # seconds between two looks at the workers


class DaskExecutor(Executor):
    """Tasks on the workers of a Dask scheduler.

    Parameters
    ----------
    address
        Of the scheduler: ``tcp://HOST:PORT`` or ``tls://HOST:PORT``.
    security
        A ``distributed.Security``, or None for plain TCP.
    wanted
        Versions that workers must have.
    silence
        Seconds without a sign of life after which a worker counts as lost.
    patience
        Seconds to wait for a scheduler that is gone to be there again.
    """

    seconds_a_bundle = 2.0

    def __init__(
        self,
        address: str,
        *,
        security: Any = None,
        wanted: dict[str, str] | None = None,
        resources: Resources | None = None,
        grace: float = 30.0,
        silence: float = 60.0,
        patience: float = 300.0,
    ) -> None:
        self._distributed = optional("distributed", "cluster")
        self.place = address
        self._security, self._wanted = security, dict(wanted or {})
        self.resources, self._grace = resources or Resources(), grace
        self._silence, self._patience = silence, patience
        self._topic = f"forescale-{uuid.uuid4().hex[:12]}"
        self._inbox: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._futures: dict[str, Any] = {}
        self._calls: dict[str, bytes] = {}
        self._limits: dict[str, set[str] | None] = {}
        self._where: dict[str, str] = {}
        self._shared: dict[str, Any] = {}
        self._excluded: dict[str, str] = {}
        self._lost: dict[str, str] = {}
        self._workers: dict[str, dict[str, Any]] = {}
        self._seen: dict[str, tuple[Any, float]] = {}
        self._looked = 0.0
        self._alone_since: float | None = None
        self._scheduler: str | None = None
        self._connect(30.0)

    def _connect(self, timeout: float) -> None:
        try:
            self._client = self._distributed.Client(
                self.place,
                security=self._security,
                set_as_default=False,
                timeout=timeout,
                name="forescale",
            )
        except (OSError, TypeError, ValueError) as error:
            raise RequestError(
                f"cluster {self.place}: no scheduler answers there ({_short(error)}); start one "
                "with 'dask scheduler', or check the address and its certificates"
            ) from None
        self._client.subscribe_topic(self._topic, self._heard)
        self._scheduler = None  # whoever it is, it is ours now
        self._look()

    # -- the contract ---------------------------------------------------------------------

    @property
    def slots(self) -> int:
        allowed = [w for address, w in self._workers.items() if address not in self._excluded]
        return max(1, sum(int(worker["nthreads"]) for worker in allowed))

    def share(self, value: Any, folder: Path | None = None) -> Shared:
        payload, shared = pack(value, folder)
        files = {} if folder is None else files_of(folder)
        plugin = _plugin(shared.name, payload, files)
        self._shared[shared.name] = plugin
        self._hand_out(plugin)
        return shared

    def _hand_out(self, plugin: Any) -> None:
        """Send a value to all workers, without waiting for one that does not answer."""
        client, name = self._client, plugin.name

        def send() -> None:
            with suppress(Exception):  # a scheduler that is gone: handed out when it is back
                client.register_plugin(plugin, name=name)

        threading.Thread(target=send, daemon=True).start()

    def submit(
        self,
        name: str,
        function: Callable[..., Any] | Shared,
        *arguments: Any,
        resumable: bool = False,
        note: dict[str, Any] | None = None,
    ) -> None:
        del resumable, note  # what is stopped here comes back, and is submitted again
        walltime = self.resources.walltime
        call = Call(name, function, arguments, self._wanted, walltime, self._grace)
        self._calls[name] = pickle.dumps(call)
        self._send(name)

    def _send(self, name: str) -> None:
        """Hand a call to the scheduler: for any worker, or for those that are not excluded."""
        allowed = set(self._workers) - set(self._excluded) if self._excluded else None
        self._limits[name] = allowed
        self._futures[name] = None
        if allowed is not None and not allowed:
            return  # it waits for somebody who may have it
        try:
            future = self._client.submit(
                on_worker,
                self._topic,
                name,
                self._calls[name],  # taken apart in the task's thread: its imports take a while
                key=f"{self._topic}-{name}-{uuid.uuid4().hex[:6]}",
                pure=False,
                workers=None if allowed is None else sorted(allowed),
            )
        except Exception as error:  # the task is among those that are told to be lost
            self._await_scheduler(_short(error))
            return
        self._futures[name] = future
        self._client.loop.add_callback(self._collect, name, future)

    def _send_again(self) -> None:
        """Tasks for workers that are all gone by now are for others."""
        allowed = set(self._workers) - set(self._excluded)
        if not allowed:
            return
        for name, limit in list(self._limits.items()):
            if limit is not None and not limit & allowed:
                self._drop(self._futures[name])
                self._send(name)

    def _drop(self, *futures: Any) -> None:
        known = [future for future in futures if future is not None]
        if known:
            with suppress(Exception):  # a scheduler that is gone has forgotten them
                self._client.cancel(known, force=True)

    def _forget(self, name: str) -> Any:
        for kept in (self._calls, self._limits, self._where):
            kept.pop(name, None)
        return self._futures.pop(name, None)

    def events(self, timeout: float) -> Iterator[Event]:
        if time.monotonic() - self._looked > _LOOK:
            self._look()
        until = time.monotonic() + timeout
        while True:
            try:
                event = self._inbox.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                return
            if event.name in self._futures:
                if self._begun_again(event):
                    event = Ended(event.name, lost="its node died", node=event.node)
                    self.cancel([event.name])
                elif isinstance(event, Ended):
                    self._forget(event.name)
                else:
                    self._where[event.name] = event.node
                yield event
            until = 0.0  # whatever is there by now, and then back

    def _begun_again(self, event: Event) -> bool:
        """The scheduler gives a task of a dead worker to another: what it told is not undone."""
        before = self._where.get(event.name, event.node)
        return isinstance(event, Told) and "begun" in event.message and before != event.node

    def cancel(self, names: Iterable[str]) -> None:
        self._drop(*[self._forget(name) for name in names])

    def exclude(self, node: str, reason: str) -> None:
        self._excluded[node] = reason
        self._lost[node] = reason

    def health(self) -> Health:
        running: dict[str, list[str]] = {}
        for name, node in self._where.items():
            running.setdefault(node, []).append(name)
        nodes = tuple(
            Node(address, int(worker["nthreads"]), tuple(running.get(address, ())))
            for address, worker in self._workers.items()
            if address not in self._excluded
        )
        waiting = len(self._futures) - sum(len(node.running) for node in nodes)
        return Health(nodes, dict(self._lost), max(0, waiting))

    def close(self, *, leave: bool = False) -> None:
        if leave and self._futures:
            say(
                f"{self.place}: a Dask scheduler ends the tasks of who leaves it; they are begun "
                "again by the next run"
            )
        self.cancel(list(self._futures))
        withdrawing = threading.Thread(target=self._withdraw, daemon=True)
        withdrawing.start()
        withdrawing.join(timeout=5)
        with suppress(Exception):
            self._client.close(timeout=5)

    def _withdraw(self) -> None:
        for name in self._shared:
            with suppress(Exception):
                self._client.unregister_worker_plugin(name)

    # -- what the client's loop does --------------------------------------------------------

    def _heard(self, event: tuple[float, dict[str, Any]]) -> None:
        told = event[1]
        for message in told["messages"]:
            self._inbox.put(Told(told["name"], message, told["node"]))

    async def _collect(self, name: str, future: Any) -> None:
        """Wait for one task, in the client's loop, and let go of its result at once."""
        try:
            answer: Answer = await future
        except Exception as error:
            if self._futures.get(name) is future:
                self._inbox.put(Ended(name, lost=_short(error)))
        else:
            if self._futures.get(name) is future:
                self._inbox.put(_ended(name, answer))
        finally:
            with suppress(Exception):
                future.release()

    # -- looking after the workers ------------------------------------------------------------

    def _look(self) -> None:
        """Who is there, who is gone, who is silent; a scheduler that is gone is awaited."""
        self._looked = time.monotonic()
        try:
            told = self._client.sync(self._client.scheduler.identity)
        except Exception as error:
            self._await_scheduler(_short(error))
            return
        if self._client.status != "running":
            self._await_scheduler("the connection was lost")
            return
        if self._scheduler not in (None, told["id"]):
            # The client is back by itself; what was handed out and submitted is forgotten there.
            self._await_scheduler("another one has taken its place")
            return
        self._scheduler, found = told["id"], told["workers"]
        for address in set(self._workers) - set(found):
            self._lost.setdefault(address, "gone")
        self._workers = {address: dict(worker) for address, worker in found.items()}
        for address, worker in found.items():
            sign, since = self._seen.get(address, (None, 0.0))
            if worker.get("last_seen") != sign:
                self._seen[address] = (worker.get("last_seen"), self._looked)
                self._take_back(address)
            elif self._looked - since > self._silence and address not in self._excluded:
                self._give_up(address)
        for address, reason in self._excluded.items():
            if reason.startswith(_SILENT) and address in self._workers:
                self._rescue(address)
        self._expect_somebody()
        self._send_again()

    def _expect_somebody(self) -> None:
        """Wait for a first worker, or another one, but not for ever."""
        if set(self._workers) - set(self._excluded):
            self._alone_since = None
            return
        if self._alone_since is None:
            self._alone_since = time.monotonic()
            say(f"{self.place}: no worker is there; waiting for one")
        elif time.monotonic() - self._alone_since > self._patience:
            lost = "; ".join(f"{node}: {why}" for node, why in [*self._lost.items()][-3:])
            raise ForescaleError(
                f"{self.place}: no worker for {self._patience:g} s"
                + (f" (lost: {lost})" if lost else "")
                + "; start some with 'dask worker', and the same command goes on"
            )

    def _give_up(self, address: str) -> None:
        """A worker that does not answer: its tasks go on elsewhere, and it gets no more."""
        say(f"{address} has not answered for {self._silence:g} s; its tasks go on elsewhere")
        self.exclude(address, f"{_SILENT} {self._silence:g} s")

    def _rescue(self, address: str) -> None:
        """Tasks that a silent worker has, also those that the scheduler gives it still."""
        held = {name for name, node in self._where.items() if node == address}
        with suppress(Exception):
            keys = set(self._client.processing([address]).get(address, ()))
            held |= {n for n, f in self._futures.items() if f is not None and f.key in keys}
        for name in held & set(self._futures):
            self._drop(self._futures[name])
            self._futures[name] = None
            self._inbox.put(Ended(name, lost="its node does not answer", node=address))

    def _take_back(self, address: str) -> None:
        """A worker that answers again."""
        if self._excluded.get(address, "").startswith(_SILENT):
            say(f"{address} answers again")
            del self._excluded[address], self._lost[address]

    def _await_scheduler(self, reason: str) -> None:
        say(f"{self.place}: the scheduler does not answer ({reason}); waiting for it")
        until = time.monotonic() + self._patience
        with suppress(Exception):
            self._client.close(timeout=2)
        while True:
            try:
                self._connect(5.0)
                break
            except RequestError:
                if time.monotonic() > until:
                    raise ForescaleError(
                        f"{self.place}: the scheduler has not come back within "
                        f"{self._patience:g} s; the same command goes on with what is missing"
                    ) from None
                time.sleep(1.0)
        for plugin in self._shared.values():
            self._hand_out(plugin)
        for name in self._futures:
            self._futures[name] = None
            self._inbox.put(Ended(name, lost="the scheduler was restarted"))
        say(
            f"{self.place}: the scheduler is back; {len(self._futures)} tasks are handed over again"
        )


def _ended(name: str, answer: Answer) -> Ended:
    if answer.refused:
        return Ended(name, lost=f"refused: {answer.refused}", node=answer.node)
    return Ended(name, answer.value, answer.error(), node=answer.node)


def _short(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else text[:199] + "…"


def _plugin(name: str, payload: bytes, files: dict[str, bytes]) -> Any:
    """What every worker, also one that comes later, is sent once."""
    from forescale._machine.executors.dask_plugin import SharedPlugin

    return SharedPlugin(name, payload, files)
