"""Analyses under way, by name, so that who asked can follow and cancel them."""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from engine.errors import StateError, UserError
from iam import Principal
from server.issues.looking import Look
from server.rca.asking import Asking
from server.rca.service import RootCause

_NAME = re.compile(r"[A-Za-z0-9_-]{8,64}")


@dataclass(slots=True)
class _Run:
    owner: Principal
    began: float
    asking: Asking | None = None
    answered: int = 0
    last: str = ""


class Runs:
    """The analyses of one process.

    Args:
        rootcause: makes them.
    """

    def __init__(self, rootcause: RootCause) -> None:
        self._rootcause = rootcause
        self._lock = threading.Lock()
        self._running: dict[str, _Run] = {}

    @contextmanager
    def one(self, name: str, look: Look) -> Iterator[Asking]:
        """Give what an analysis asks with, known under a name while the block lasts.

        Raises:
            UserError: it is no name.
            StateError: an analysis of this name is under way.
        """
        name = name or uuid.uuid4().hex
        if not _NAME.fullmatch(name):
            raise UserError("`run` must be 8 to 64 letters, digits, - or _.", code="rca-run-invalid")
        run = _Run(look.principal, time.monotonic())

        def noted(answered: int, last: str) -> None:
            run.answered, run.last = answered, last

        asking = run.asking = self._rootcause.asking(look, noted)
        with self._lock:
            if name in self._running:
                raise StateError(f"An analysis with the name {name} is under way.", code="rca-run-taken")
            self._running[name] = run
        try:
            yield asking
        finally:
            with self._lock:
                del self._running[name]

    def progress(self, name: str, principal: Principal) -> dict[str, Any] | None:
        """Return how far an analysis of one's own is; None when there is none."""
        run = self._own(name, principal)
        if run is None:
            return None
        elapsed_ms = round((time.monotonic() - run.began) * 1000)
        return {"run": name, "answered": run.answered, "last": run.last, "elapsed_ms": elapsed_ms}

    def cancel(self, name: str, principal: Principal) -> bool:
        """Stop an analysis of one's own; False when there is none."""
        run = self._own(name, principal)
        if run is None or run.asking is None:
            return False
        run.asking.cancel()
        return True

    def _own(self, name: str, principal: Principal) -> _Run | None:
        with self._lock:
            run = self._running.get(name)
        if run is None or _who(run.owner) != _who(principal):
            return None
        return run


def _who(one: Principal) -> tuple[str, str, int]:
    return one.kind, one.name, one.token_id
