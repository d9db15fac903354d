"""What big pages are measured on: a trace of 100 000 spans, a profile of 50 000 frames, a dashboard of 12 panels."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.recording import Recording, envelopes
from benchmarks.serving import NoAnswerError, Server

TRACE = "a1" * 16
REPLAY = "b2" * 16
SPANS = 100_000
FRAMES = 50_000
PANELS = 12
SERVICE = "benchmark-ui"
PATIENCE_S = 300.0

_BATCH = 20_000
_FAN_OUT = 8
_SPAN_NS = 400_000
_STACKS = 500
_DEPTH = 25
_FUNCTIONS = 2_000
_OPERATIONS = ("db", "http.client", "cache.get", "function")
_PICTURES = ("series", "number", "table", "bar")
_TEXTS = {
    "series": "from errors | make-series n=count() by level",
    "number": "from errors | summarize n=count()",
    "table": "from errors | summarize n=count(), users=count_unique(user) by error.type | sort n desc | limit 10",
    "bar": "from errors | summarize n=count() by release | sort n desc | limit 8",
}


def fill(server: Server) -> None:
    """Send the trace and the profiles, and wait until both can be asked for.

    Raises:
        TimeoutError: they did not come.
    """
    for lines in span_lines(datetime.now(UTC) - timedelta(minutes=5)):
        _send(server, "/api/v1/ingest/spans", lines, "application/json")
    for body in profile_envelopes(server.address.public_key, server.address.project_id, time.time() - 120):
        _send(server, f"/api/{server.address.project_id}/envelope/", body, "application/x-sentry-envelope")
    _wait(server, f'from spans | where trace = "{TRACE}" | summarize n=count()', SPANS)
    _wait(server, 'from profiles | where release = "benchmark@1" | summarize n=count()', _STACKS)


def span_lines(begun: datetime, count: int = SPANS) -> Iterator[bytes]:
    """Yield bodies of JSON lines: a tree in which each span has eight children, all within its own time."""
    began_ns = int(begun.timestamp() * 1e9)
    lines: list[str] = []
    for number in range(count):
        level = 0 if number == 0 else len(_path(number))
        row: dict[str, Any] = {
            "timestamp": (began_ns + number * _SPAN_NS // 4) / 1e9,
            "trace_id": TRACE,
            "span_id": f"{number + 1:016x}",
            "parent_span_id": f"{(number - 1) // _FAN_OUT + 1:016x}" if number else "",
            "name": f"{_OPERATIONS[number % 4]} {number % 97}",
            "span.op": _OPERATIONS[number % 4],
            "span.duration": max(_SPAN_NS, (count - number) * _SPAN_NS // 4 // (level + 1)),
            "service": f"{SERVICE}-{number % 5}",
        }
        lines.append(json.dumps(row))
        if len(lines) == _BATCH:
            yield "\n".join(lines).encode()
            lines = []
    if lines:
        yield "\n".join(lines).encode()


def _path(number: int) -> list[int]:
    found: list[int] = []
    while number:
        number = (number - 1) // _FAN_OUT
        found.append(number)
    return found


def profile_envelopes(public_key: str, project_id: int, begun_s: float, frames: int = FRAMES) -> Iterator[bytes]:
    """Yield envelopes of profiles whose stacks begin differently and so share no frame, but do share functions."""
    profiles = -(-frames // (_STACKS * _DEPTH))
    for number in range(profiles):
        names = [_call(number, stack, depth) for stack in range(_STACKS) for depth in range(_DEPTH)]
        profile = {
            "version": "1",
            "event_id": f"{number + 1:032x}",
            "platform": "python",
            "timestamp": datetime.fromtimestamp(begun_s, UTC).isoformat(),
            "release": "benchmark@1",
            "environment": "benchmark",
            "device": {"architecture": "x86_64"},
            "os": {"name": "linux", "version": "6"},
            "runtime": {"name": "CPython", "version": "3.11"},
            "transaction": {"name": "/", "id": f"{number + 1:032x}", "trace_id": TRACE, "active_thread_id": "1"},
            "profile": {
                "frames": [{"function": name, "module": f"{SERVICE}.m{i % 40}"} for i, name in enumerate(names)],
                # The first call stands last in a stack, as the format has it.
                "stacks": [[s * _DEPTH + d for d in reversed(range(_DEPTH))] for s in range(_STACKS)],
                "samples": [
                    {"stack_id": s, "thread_id": "1", "elapsed_since_start_ns": str(s * 10_000_000)}
                    for s in range(_STACKS)
                ],
                "thread_metadata": {"1": {"name": "main"}},
            },
        }
        payload = json.dumps(profile).encode()
        header = {"event_id": f"{number + 1:032x}", "sent_at": datetime.now(UTC).isoformat()}
        auth = json.dumps({**header, "dsn": f"http://{public_key}@127.0.0.1/{project_id}"}).encode()
        item = json.dumps({"type": "profile", "length": len(payload)}).encode()
        yield b"\n".join([auth, item, payload])


def _call(number: int, stack: int, depth: int) -> str:
    """Return the name of a call: the first of a stack is its own, the others are some of two thousand."""
    return f"call_{(stack * 7 + depth * 31 + number) % _FUNCTIONS}" if depth else f"entry_{number}_{stack}"


def board() -> dict[str, Any]:
    """Return a dashboard of twelve panels as the API takes it."""
    panels = [
        {
            "id": f"p{place}",
            "title": f"Panel {place + 1}",
            "picture": _PICTURES[place % 4],
            "text": _TEXTS[_PICTURES[place % 4]],
            "x": place % 4 * 3,
            "y": place // 4 * 3,
            "w": 3,
            "h": 3,
        }
        for place in range(PANELS)
    ]
    return {"name": f"Benchmark {time.time_ns()}", "content": {"panels": panels}}


def send_replay(server: Server, recorded: Recording) -> None:
    """Send a recording as a browser's client does, and wait until it can be asked for.

    Raises:
        TimeoutError: it did not come.
    """
    for body in envelopes(recorded, server.address.public_key, server.address.project_id, REPLAY):
        _send(server, f"/api/{server.address.project_id}/envelope/", body, "application/x-sentry-envelope")
    _wait(server, f'from replays | where replay = "{REPLAY}" | summarize n=count()', 1)


def _send(server: Server, path: str, body: bytes, kind: str) -> None:
    host, port = server.address.ingest
    key = server.address.public_key
    address = f"http://{host}:{port}{path}?sentry_key={key}"
    request = urllib.request.Request(address, body, {"Content-Type": kind})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            answer.read()
    except urllib.error.HTTPError as error:
        raise NoAnswerError(f"{path}: {error.code} {error.read()[:500].decode(errors='replace')}") from error


def _wait(server: Server, text: str, count: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while (seen := server.number(text)) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{seen} of {count} rows after {PATIENCE_S:.0f} s: {text}")
        time.sleep(1)
