"""A load client for the envelope route: raw sockets under asyncio, so that it takes little of the cores it shares.

Requests are made before the clock starts. `closed_loop` sends the next one when the last was answered, over N
connections: what it measures is capacity. `open_loop` sends at a fixed rate: what it measures is the rest of the
system at that load.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from benchmarks.serving import Address

ANSWER_TIMEOUT_S = 30.0
_LENGTH = re.compile(rb"content-length: *(\d+)")


@dataclass(slots=True)
class Outcome:
    """What a run of requests gave.

    Attributes:
        latencies_ms: of every request, in the order of the answers.
        statuses: number of answers by HTTP status, or by the name of the network error.
        began: `time.perf_counter()` at the first request.
        ended: the same after the last answer.
    """

    latencies_ms: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    began: float = 0.0
    ended: float = 0.0

    @property
    def accepted(self) -> int:
        """Number of requests answered with 200."""
        return self.statuses["200"]

    @property
    def accepted_per_s(self) -> float:
        """Accepted requests per second of the run."""
        return self.accepted / max(self.ended - self.began, 1e-9)


@dataclass(slots=True)
class Connection:
    """One kept-alive connection; it is opened again after an error or when the server closes it."""

    host: str
    port: int
    reader: asyncio.StreamReader | None = None
    writer: asyncio.StreamWriter | None = None

    async def send(self, request: bytes, outcome: Outcome) -> None:
        """Send one request, wait for the whole answer and record it."""
        began = time.perf_counter()
        try:
            status = await asyncio.wait_for(self._exchange(request), ANSWER_TIMEOUT_S)
        except (OSError, EOFError, TimeoutError) as problem:
            status = type(problem).__name__
            self.close()
        outcome.latencies_ms.append((time.perf_counter() - began) * 1000)
        outcome.statuses[status] += 1

    async def _exchange(self, request: bytes) -> str:
        if self.reader is None or self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(self.host, self.port)
        self.writer.write(request)
        await self.writer.drain()
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        length = _LENGTH.search(head)
        if length:
            await self.reader.readexactly(int(length.group(1)))
        elif b"chunked" in head:
            while size := int((await self.reader.readline()).split(b";")[0], 16):
                await self.reader.readexactly(size + 2)
            await self.reader.readexactly(2)
        if b"connection: close" in head:
            self.close()
        return head[9:12].decode()

    def close(self) -> None:
        """Close the socket; the next request opens a new one."""
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


def request(address: Address, body: bytes) -> bytes:
    """Return the bytes of a POST of a gzipped envelope, as the Python SDK sends it."""
    host, port = address.ingest
    auth = f"Sentry sentry_key={address.public_key}, sentry_version=7, sentry_client=sentry.python/2.75.0"
    head = (
        f"POST /api/{address.project_id}/envelope/ HTTP/1.1\r\nHost: {host}:{port}\r\n"
        f"User-Agent: sentry.python/2.75.0\r\nContent-Type: application/x-sentry-envelope\r\n"
        f"Content-Encoding: gzip\r\nX-Sentry-Auth: {auth}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def closed_loop(address: Address, requests: Sequence[bytes], *, connections: int, max_seconds: float) -> Outcome:
    """Send `requests` over `connections` connections, each waiting for its answer, for at most `max_seconds`."""
    outcome = Outcome(began=time.perf_counter())
    pending = iter(requests)
    deadline = outcome.began + max_seconds
    await asyncio.gather(*(_work(Connection(*address.ingest), pending, deadline, outcome) for _ in range(connections)))
    outcome.ended = time.perf_counter()
    return outcome


async def _work(connection: Connection, pending: Iterator[bytes], deadline: float, outcome: Outcome) -> None:
    for item in pending:
        await connection.send(item, outcome)
        if time.perf_counter() > deadline:
            break
    connection.close()


async def open_loop(address: Address, requests: Sequence[bytes], *, per_s: float, connections: int = 16) -> Outcome:
    """Send `requests` at `per_s` per second; a request that finds no idle connection waits, and its wait counts."""
    outcome = Outcome(began=time.perf_counter())
    idle: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(connections):
        idle.put_nowait(Connection(*address.ingest))

    async def one(item: bytes) -> None:
        connection = await idle.get()
        await connection.send(item, outcome)
        idle.put_nowait(connection)

    tasks = []
    for index, item in enumerate(requests):
        await asyncio.sleep(max(0.0, outcome.began + index / per_s - time.perf_counter()))
        tasks.append(asyncio.create_task(one(item)))
    await asyncio.gather(*tasks)
    outcome.ended = time.perf_counter()
    while not idle.empty():
        idle.get_nowait().close()
    return outcome
