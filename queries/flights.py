"""Runs that several askers may wait for: the same question in flight twice is answered once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from engine.eventstore import QueryCancelled
from queries.result import Result
from queries.run_steps import Running


@dataclass(slots=True, eq=False)
class Asker:
    """Somebody who waits for an answer under a name.

    Attributes:
        stopped: done once this one does not want it any more.
        flight: what it waits for.
        joined: whether it is the run of somebody else, who waits for it as well and bears its cost.
    """

    stopped: Future[None] = field(default_factory=Future)
    flight: Flight | None = None
    joined: bool = False

    def stop(self) -> None:
        """Want the answer no more."""
        if not self.stopped.done():
            self.stopped.set_result(None)


@dataclass(slots=True, eq=False)
class Flight:
    """One run in a thread of its own, and who waits for it."""

    key: str | None
    running: Running
    result: Future[Result] = field(default_factory=Future)
    askers: set[Asker] = field(default_factory=set)


class Flights:
    """The runs in flight, by what is asked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_key: dict[str, Flight] = {}

    def board(self, key: str | None, asker: Asker, running: Running, work: Callable[[Running], Result]) -> Flight:
        """Let an asker wait for the run of a key, which begins with its first asker; without a key for its own.

        Args:
            key: what is asked, and of which data.
            asker: who asks.
            running: is used when the run begins now.
            work: is called with `running` then, in a thread of its own.
        """
        with self._lock:
            flight = self._by_key.get(key) if key is not None else None
            asker.joined = flight is not None
            if flight is None:
                flight = Flight(key, running)
                if key is not None:
                    self._by_key[key] = flight
                # Whoever asks first is known by context, to steps that ask on.
                run = partial(copy_context().run, self._fly, flight, work)
                threading.Thread(target=run, name="query-run", daemon=True).start()
            flight.askers.add(asker)
            asker.flight = flight
            return flight

    def wait(self, flight: Flight, asker: Asker) -> Result:
        """Return the answer; QueryCancelled as soon as the asker does not want it any more."""
        either: tuple[Future[Any], ...] = (flight.result, asker.stopped)
        wait(either, return_when=FIRST_COMPLETED)
        if asker.stopped.done() and not flight.result.done():
            self._hand_over(flight, asker)
            raise QueryCancelled("The query was cancelled.")
        return flight.result.result()

    def _hand_over(self, flight: Flight, asker: Asker) -> None:
        """Let somebody else be the first: whose run it is bears its cost."""
        with self._lock:
            other = next((one for one in flight.askers if one is not asker), None)
            if other is not None and not asker.joined:
                other.joined = False

    def leave(self, asker: Asker) -> Running | None:
        """Let an asker go; return what runs for nobody any more, and is to be stopped."""
        with self._lock:
            flight, asker.flight = asker.flight, None
            if flight is None:
                return None
            flight.askers.discard(asker)
            if flight.askers or flight.result.done():
                return None
            self._land(flight)
            return flight.running

    def _fly(self, flight: Flight, work: Callable[[Running], Result]) -> None:
        try:
            result = work(flight.running)
        except BaseException as error:  # noqa: BLE001 - it is raised where the answer is asked for
            self._ended(flight)
            flight.result.set_exception(error)
        else:
            self._ended(flight)
            flight.result.set_result(result)

    def _ended(self, flight: Flight) -> None:
        with self._lock:
            self._land(flight)

    def _land(self, flight: Flight) -> None:
        """Let nobody else come aboard."""
        if flight.key is not None and self._by_key.get(flight.key) is flight:
            del self._by_key[flight.key]
