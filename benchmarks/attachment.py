"""How much memory the ingest process takes while a large attachment goes through it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import threading
from dataclasses import dataclass

import psutil  # type: ignore[import-untyped]  # it ships no types

from benchmarks.serving import NoAnswerError, Server

MIB = 2**20
ATTACHMENT_MIB = 199
"""What Amber takes at most is 200 MiB, the other items of the envelope included."""
_SAMPLED_EVERY_S = 0.02


@dataclass(frozen=True, slots=True)
class Carried:
    """Resident memory of the ingest process.

    Attributes:
        size_mib: of the attachment.
        before_mib: before the first byte.
        peak_mib: the most that was seen until the answer.
    """

    size_mib: int
    before_mib: float
    peak_mib: float


def measure_attachment(server: Server) -> Carried:
    """Send one attachment that cannot be compressed, and watch the process meanwhile.

    Raises:
        NoAnswerError: it was not accepted.
    """
    pids = json.loads((server.data_dir / "run" / "server.json").read_text())["pids"]
    process, sent = psutil.Process(pids["ingest-0"]), threading.Event()
    before = peak = int(process.memory_info().rss)

    def watch() -> None:
        nonlocal peak
        while not sent.wait(_SAMPLED_EVERY_S):
            peak = max(peak, int(process.memory_info().rss))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        _send(server)
    finally:
        sent.set()
        watcher.join()
    return Carried(ATTACHMENT_MIB, before / MIB, peak / MIB)


def _send(server: Server) -> None:
    address, size, part = server.address, ATTACHMENT_MIB * MIB, os.urandom(MIB)
    item = {"type": "attachment", "filename": "core.bin", "length": size}
    head = b"\n".join((json.dumps({"event_id": os.urandom(16).hex()}).encode(), json.dumps(item).encode(), b""))
    with contextlib.closing(http.client.HTTPConnection(*address.ingest, timeout=300)) as connection:
        connection.putrequest("POST", f"/api/{address.project_id}/envelope/")
        connection.putheader("X-Sentry-Auth", f"Sentry sentry_key={address.public_key}, sentry_version=7")
        connection.putheader("Content-Length", str(len(head) + size + 1))
        connection.endheaders(head)
        for _ in range(ATTACHMENT_MIB):
            connection.send(part)
        connection.send(b"\n")
        response = connection.getresponse()
        answer = response.read()
        if response.status != http.HTTPStatus.OK:
            raise NoAnswerError(f"the attachment was answered with {response.status}: {answer[:200]!r}")
