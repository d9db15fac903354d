"""The clients of a run of kills: they send, and remember what the server has said."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import threading
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

from benchmarks.kills_sent import KINDS, OTHERS, Sent, error, new_id, span

SHARED_FINGERPRINTS = 5


@dataclass(slots=True)
class Ledger:
    """What the clients know: ids by what the server said about them.

    Attributes:
        contents: digests of files by the id of their attachment.
        traces: name of the segment by trace.
        refused: what was answered with a status of the client's fault; a run sends nothing wrong.
    """

    lock: threading.Lock = field(default_factory=threading.Lock)
    sent: dict[str, set[str]] = field(default_factory=lambda: {kind: set() for kind in KINDS})
    acknowledged: dict[str, set[str]] = field(default_factory=lambda: {kind: set() for kind in KINDS})
    contents: dict[str, str] = field(default_factory=dict)
    traces: dict[str, str] = field(default_factory=dict)
    resent: int = 0
    refused: list[str] = field(default_factory=list)

    def note_sent(self, request: Sent) -> None:
        """Record an id before the first byte leaves."""
        with self.lock:
            self.sent[request.kind].add(request.id)
            if request.content:
                self.contents[request.id] = request.content

    def note_acknowledged(self, request: Sent) -> None:
        """Record the id of a request that was answered with 200."""
        with self.lock:
            self.acknowledged[request.kind].add(request.id)


class Client(threading.Thread):
    """Sends until told to stop; resends what was not acknowledged, and some of what was."""

    def __init__(self, number: int, seed: int, directory: Path, ledger: Ledger) -> None:
        super().__init__(daemon=True)
        self.rng = random.Random(seed * 1000 + number)
        self.directory = directory
        self.ledger = ledger
        self.stopping = threading.Event()
        self.epoch = 0

    def run(self) -> None:
        """Send errors, traces whose children arrive before their segment, and everything else."""
        while not self.stopping.is_set():
            chance = self.rng.random()
            if chance < 0.1:
                self._send_trace()
            elif chance < 0.5:
                self._send(self.rng.choice(OTHERS))
            else:
                self._send(error)
            time.sleep(self.rng.random() * 0.004)

    def _send(self, made: Callable[[random.Random, int], Sent]) -> None:
        group = self.epoch if self.rng.random() < 0.1 else self.rng.randrange(SHARED_FINGERPRINTS)
        request = made(self.rng, group)
        self._deliver(request)
        if self.rng.random() < 0.03:
            with self.ledger.lock:
                self.ledger.resent += 1
            self._deliver(request)

    def _send_trace(self) -> None:
        trace_id = new_id(self.rng)
        segment_id, *children = (f"{self.rng.getrandbits(64):016x}" for _ in range(3))
        segment = (segment_id, f"/kills/{self.rng.randrange(4)}")
        with self.ledger.lock:
            self.ledger.traces[trace_id] = segment[1]
        for span_id in (*children, segment_id):
            parent = None if span_id == segment_id else segment_id
            self._deliver(span(trace_id, span_id, parent, segment))

    def _deliver(self, request: Sent) -> None:
        """Send until acknowledged, as a client with a disk queue would."""
        self.ledger.note_sent(request)
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException, ValueError, KeyError):
                status = self._post(request)
                if status == HTTPStatus.OK:
                    self.ledger.note_acknowledged(request)
                    return
                if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
                    with self.ledger.lock:
                        self.ledger.refused.append(f"{request.kind} {request.id}: {status}")
                    return
            if self.stopping.is_set():
                return
            time.sleep(0.05)

    def _post(self, request: Sent) -> int:
        dsn = urllib.parse.urlsplit(json.loads((self.directory / "run" / "server.json").read_text())["dsn"])
        connection = http.client.HTTPConnection(str(dsn.hostname), dsn.port, timeout=20)
        try:
            auth = f"Sentry sentry_key={dsn.username}, sentry_version=7, sentry_client=kills/1"
            headers = {"X-Sentry-Auth": auth, "Content-Type": request.content_type}
            connection.request("POST", f"/api{dsn.path}/{request.path}", request.body, headers)
            return connection.getresponse().status
        finally:
            connection.close()
