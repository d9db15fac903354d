"""What the clients of a run of kills send: every kind of data, each thing known by an id the store must give back."""

from __future__ import annotations

import hashlib
import json
import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ENVELOPE = "application/x-sentry-envelope"
_LARGE_BYTES = 4_400_000
"""A body above 4 MiB is received into a file, and its attachment waits outside of the raw record."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One request.

    Attributes:
        kind: of the data, as in `KINDS`.
        id: what is looked for in the store.
        body: of the request.
        path: below `/api/PROJECT`.
        content_type: of the body.
        content: what the store must hold for the id besides a row: a digest of a file; empty for nothing.
    """

    kind: str
    id: str
    body: bytes
    path: str = "envelope/"
    content_type: str = ENVELOPE
    content: str = ""


def error(rng: random.Random, fingerprint: int) -> Sent:
    """Return an error whose group is decided by `fingerprint`."""
    event_id = _id(rng)
    event = {
        "event_id": event_id,
        "timestamp": time.time(),
        "platform": "python",
        "level": "error",
        "release": f"kills@1.0.{fingerprint % 3}",
        "user": {"id": str(rng.randrange(50))},
        "exception": {
            "values": [
                {
                    "type": "KilledError",
                    "value": f"case {rng.random()}",
                    "stacktrace": {
                        "frames": [
                            {
                                "function": "main",
                                "module": "kills.app",
                                "filename": "kills/app.py",
                                "in_app": True,
                            },
                            {
                                "function": f"step_{_word(fingerprint)}",
                                "module": "kills.steps",
                                "filename": "kills/steps.py",
                                "in_app": True,
                            },
                        ]
                    },
                }
            ]
        },
    }
    return Sent("error", event_id, _envelope(({"type": "event"}, event), event_id=event_id))


def _word(number: int) -> str:
    """Spell a number with letters, so that no masking of digits can merge two groups."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def span(trace_id: str, span_id: str, parent: str | None, segment: tuple[str, str]) -> Sent:
    """Return one span in a container; `segment` is (span id, name) of its segment."""
    segment_id, name = segment
    now = time.time()
    sent = {
        "trace_id": trace_id,
        "span_id": span_id,
        "parent_span_id": parent,
        "name": name if span_id == segment_id else "work",
        "status": "ok",
        "is_segment": span_id == segment_id,
        "start_timestamp": now - 0.01,
        "end_timestamp": now,
        "attributes": {"sentry.segment.id": {"type": "string", "value": segment_id}},
    }
    return Sent("span", f"{trace_id}/{span_id}", _envelope(_container("span", "span.v2", sent)))


def log(rng: random.Random, _: int) -> Sent:
    """Return a log record."""
    id_ = _id(rng)
    record = {"timestamp": time.time(), "level": "info", "body": f"kills log {id_}", "trace_id": _id(rng)}
    return Sent("log", f"kills log {id_}", _envelope(_container("log", "log", record)))


def metric(rng: random.Random, _: int) -> Sent:
    """Return a data point in OpenTelemetry's JSON."""
    name = f"kills.{_id(rng)}"
    point = {"timeUnixNano": str(time.time_ns()), "asDouble": rng.random()}
    scope = {"metrics": [{"name": name, "gauge": {"dataPoints": [point]}}]}
    body = json.dumps({"resourceMetrics": [{"scopeMetrics": [scope]}]}).encode()
    return Sent("metric", name, body, "otlp/v1/metrics", "application/json")


def session(rng: random.Random, fingerprint: int) -> Sent:
    """Return a session that began and ended."""
    sid = _id(rng)
    update = {
        "sid": sid,
        "init": True,
        "status": "exited",
        "started": _now(),
        "attrs": {"release": f"kills@1.0.{fingerprint % 3}"},
    }
    return Sent("session", sid, _envelope(({"type": "session"}, update)))


def check_in(rng: random.Random, fingerprint: int) -> Sent:
    """Return the end of a run of a monitored job."""
    id_ = _id(rng)
    said = {"check_in_id": id_, "monitor_slug": f"job-{fingerprint % 3}", "status": "ok", "duration": 1.5}
    return Sent("check_in", id_, _envelope(({"type": "check_in"}, said)))


def attachment(rng: random.Random, _: int) -> Sent:
    """Return a file of an event: small ones, and now and then one that is received into a file; text or not."""
    event_id, name = _id(rng), f"kills-{_id(rng)}"
    size = _LARGE_BYTES if rng.random() < 0.05 else rng.randrange(200, 20_000)
    content = (_line(rng) * (size // 40 + 1))[:size] if rng.random() < 0.5 else b"\0" + rng.randbytes(size)
    header = {"type": "attachment", "filename": name, "length": len(content)}
    body = json.dumps({"event_id": event_id}).encode() + b"\n" + json.dumps(header).encode() + b"\n" + content + b"\n"
    return Sent("attachment", name, body, content=hashlib.sha256(content).hexdigest())


def replay(rng: random.Random, _: int) -> Sent:
    """Return the first segment of a replay, with its recording."""
    id_ = _id(rng)
    event = {
        "type": "replay_event",
        "replay_id": id_,
        "segment_id": 0,
        "timestamp": time.time(),
        "urls": ["https://kills.example/"],
    }
    page = json.dumps([{"type": 4, "timestamp": 1, "data": {"href": f"https://kills.example/{rng.random()}"}}])
    recording = b'{"segment_id":0}\n' + page.encode()
    head = {"type": "replay_recording", "length": len(recording)}
    body = _envelope(({"type": "replay_event"}, event), event_id=id_)
    return Sent("replay", id_, body + json.dumps(head).encode() + b"\n" + recording + b"\n")


OTHERS: tuple[Callable[[random.Random, int], Sent], ...] = (log, metric, session, check_in, attachment, replay)
"""What is sent besides errors and traces."""

KINDS = ("error", "span", "log", "metric", "session", "check_in", "attachment", "replay")
"""Every kind of data a run sends."""


def new_id(rng: random.Random) -> str:
    """Return 32 random hex digits."""
    return _id(rng)


def _id(rng: random.Random) -> str:
    return uuid.UUID(int=rng.getrandbits(128), version=4).hex


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _line(rng: random.Random) -> bytes:
    return f"step {rng.randrange(1000):04d} of the job went well here\n".encode()


def _container(kind: str, form: str, item: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    header = {"type": kind, "item_count": 1, "content_type": f"application/vnd.sentry.items.{form}+json"}
    return header, {"version": 2, "items": [item]}


def _envelope(*items: tuple[dict[str, Any], dict[str, Any]], **headers: str) -> bytes:
    lines = [json.dumps(headers).encode()]
    for header, payload in items:
        text = json.dumps(payload).encode()
        lines += [json.dumps({**header, "length": len(text)}).encode(), text]
    return b"\n".join(lines) + b"\n"
