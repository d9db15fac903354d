"""What becomes of recorded requests and sample events: `python -m ingest.captures DIR [DIR …]` prints the page
`docs/reference/captures.md`. Every file goes through the real HTTP routes and the real normaliser, without a store.

A directory holds captures (`NAME.bin`, `NAME.raw` when a content encoding changed it, `NAME.headers.json`) or sample
events (`*.json`).
"""  # noqa: D205 - the command does not fit beside a summary

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from flask.testing import FlaskClient

from engine.clock import SystemClock
from engine.snapshot import ConfigSnapshot, KeyConfig, ProjectConfig
from engine.spool import Position, SpoolRecord
from ingest.errors import InvalidItem, Malformed
from ingest.http import create_app
from ingest.inputs import submittables
from ingest.normalise.model import Row
from ingest.normalise.times import SECOND_NS, time_ns
from ingest.ports import FixedSnapshot
from ingest.process import Batch, Processor
from ingest.records import DeadLetter

PUBLIC_KEY = "0123456789abcdef0123456789abcdef"
_HOP_BY_HOP = frozenset({"host", "connection", "content-length", "transfer-encoding", "accept-encoding"})
_KEPT_DAYS = 3650
_TOKEN = ("Authorization", f"Bearer {PUBLIC_KEY}")
_SIGNALS = {b"resourceSpans": "traces", b"resourceLogs": "logs", b"resourceMetrics": "metrics"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file.

    Attributes:
        name: path relative to the surveyed directory.
        status: HTTP status of the answer, 0 when nothing was sent.
        rows: rows by dataset.
        letters: what was set aside or invalid.
        counts: items by outcome.
        said: the refusal's text, or what is missing.
    """

    name: str
    status: int
    rows: dict[str, list[Row]]
    letters: tuple[DeadLetter, ...]
    counts: Counter[str]
    said: str = ""

    @property
    def verdict(self) -> str:
        """One line: stored where, set aside as what, refused why."""
        parts = [f"{len(rows)} {dataset}" for dataset, rows in self.rows.items() if rows]
        if self.counts["duplicate"]:
            parts.append("duplicate")
        for letter in self.letters:
            word = "set aside" if letter.kind == "set_aside" else letter.kind
            parts.append(f"{word}: {letter.reason}" + (f" ({letter.detail})" if letter.detail else ""))
        if self.said:
            parts.append(f"refused {self.status}: {self.said}" if self.status else self.said)
        if not parts:
            parts.append("counted" if self.counts else "nothing to store")
        return ", ".join(parts)


class _Memory:
    """A sink that keeps records in a list."""

    def __init__(self) -> None:
        self.payloads: list[bytes] = []

    def append(self, shard_key: bytes, payload: bytes) -> None:
        """Keep a record."""
        self.payloads.append(payload)

    def close(self) -> None:
        """Do nothing."""


@dataclass(slots=True)
class _Then:
    """A clock that shows when a request was recorded, so that the client's own clock does not look wrong."""

    at_ns: int | None = None

    def now(self) -> datetime:
        """Return the time of the recording, of now when it is not known."""
        return datetime.fromtimestamp(self.now_ns() / SECOND_NS, UTC)

    def now_ns(self) -> int:
        """Return the same in nanoseconds since the epoch."""
        return SystemClock().now_ns() if self.at_ns is None else self.at_ns


class Survey:
    """Sends files through the routes and the normaliser of a pretended installation."""

    def __init__(self) -> None:
        project = ProjectConfig(1, "captures", retention_days=_KEPT_DAYS, span_retention_days=_KEPT_DAYS)
        self._config = ConfigSnapshot(1, {PUBLIC_KEY: KeyConfig(1, 1)}, {1: project})
        self._sink = _Memory()
        self._clock = _Then()
        app, self._edge = create_app(self._sink, FixedSnapshot(self._config), clock=self._clock)
        self._client: FlaskClient = app.test_client()

    def captures(self, directory: Path) -> list[Outcome]:
        """Return the outcome of every capture below a directory, in the order of names."""
        return [self._capture(path, directory) for path in sorted(directory.rglob("*.headers.json"))]

    def samples(self, directory: Path) -> list[Outcome]:
        """Return the outcome of every JSON file below a directory, each sent as a stored event."""
        paths = (p for p in sorted(directory.rglob("*.json")) if not p.name.endswith(".headers.json"))
        return [self._sample(path, directory) for path in paths]

    def close(self) -> None:
        """Stop the edge."""
        self._edge.close()

    def _capture(self, path: Path, directory: Path) -> Outcome:
        said = msgspec.json.decode(path.read_bytes())
        base = path.name.removesuffix(".headers.json")
        raw, plain = path.with_name(f"{base}.raw"), path.with_name(f"{base}.bin")
        body = (raw if raw.exists() else plain).read_bytes()
        name = str(path.relative_to(directory).with_name(base))
        headers = [(k, v) for k, v in said["headers"] if k.lower() not in _HOP_BY_HOP]
        self._clock.at_ns = _sent_at_ns(plain.read_bytes())
        if said["path"].startswith("/v1/"):
            headers.append(_TOKEN)  # exporters of OpenTelemetry send what they are told to; these were told nothing
        return self._send(name, said["path"], body, headers)

    def _sample(self, path: Path, directory: Path) -> Outcome:
        name = str(path.relative_to(directory))
        body = path.read_bytes()
        self._clock.at_ns = None
        signal = _otlp_signal(body)
        if signal:
            return self._send(name, f"/v1/{signal}", body, [_TOKEN, ("Content-Type", "application/json")])
        try:
            found = list(submittables(body))
        except (InvalidItem, Malformed) as error:
            return Outcome(name, 0, {}, (), Counter(), f"not sent: {error.message}")
        if len(found) != 1:
            return Outcome(name, 0, {}, (), Counter(), f"not sent: a list of {len(found)}")
        auth = [("X-Sentry-Auth", f"Sentry sentry_key={PUBLIC_KEY}, sentry_version=7")]
        return self._send(name, f"/api/1/{found[0].kind}/", found[0].body, auth)

    def _send(self, name: str, url: str, body: bytes, headers: list[tuple[str, str]]) -> Outcome:
        self._sink.payloads.clear()
        answer = self._client.post(url, data=body, headers=headers)
        if answer.status_code >= 300:
            said = answer.headers.get("X-Sentry-Error", "")
            return Outcome(name, answer.status_code, {}, (), Counter(), said)
        batch = Batch()
        processor = Processor(self._config, "captures/0", _nothing_seen)
        for number, payload in enumerate(self._sink.payloads):
            processor.add(SpoolRecord(Position(1, number), Position(1, number + 1), payload), batch)
        counts = Counter[str]()
        for count in batch.outcomes():
            counts[count.outcome] += count.quantity
        return Outcome(name, answer.status_code, batch.rows, tuple(batch.dead), counts)


def _sent_at_ns(body: bytes) -> int | None:
    """Return the time in an envelope's header, None when there is none."""
    try:
        return time_ns(msgspec.json.decode(body.partition(b"\n")[0], type=dict[str, Any]).get("sent_at"))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _otlp_signal(text: bytes) -> str:
    """Return which OpenTelemetry signal a JSON text is a request of, or an empty string."""
    head = text[:200].lstrip(b" \t\r\n{")
    return next((signal for member, signal in _SIGNALS.items() if head.startswith(b'"' + member + b'"')), "")


def _nothing_seen(_keys: Sequence[bytes]) -> set[bytes]:
    return set()


def page(sections: list[tuple[str, list[Outcome]]]) -> str:
    """Return the reference page over some surveyed directories, in Markdown."""
    lines = [
        "# What becomes of real requests and sample events",
        "",
        "Generated by `python -m ingest.captures`; do not edit. Each line is one recorded request of an unmodified",
        "client, or one sample event sent to the store endpoint. `1 errors` means one row of that dataset. *Set aside*",
        "means acknowledged, kept in the dead-letter spool and counted in `outcomes`, because Amber does not read that",
        "kind of item yet.",
    ]
    for title, outcomes in sections:
        stored = sum(any(o.rows.values()) for o in outcomes)
        refused = sum(o.status >= 400 for o in outcomes)
        invalid = sum(any(x.kind != "set_aside" for x in o.letters) for o in outcomes)
        lines += [
            "",
            f"## {title}",
            "",
            f"{len(outcomes)} files: {stored} stored rows, {refused} refused, {invalid} with an invalid part.",
            "",
            "| file | outcome |",
            "|---|---|",
            *(f"| {_cell(o.name)} | {_cell(o.verdict)} |" for o in outcomes),
        ]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def main(directories: list[str]) -> str:
    """Return the page over directories of captures and of sample events."""
    survey = Survey()
    sections: list[tuple[str, list[Outcome]]] = []
    try:
        for name in directories:
            directory = Path(name)
            has_captures = next(directory.rglob("*.headers.json"), None) is not None
            outcomes = survey.captures(directory) if has_captures else survey.samples(directory)
            sections.append((directory.name, outcomes))
    finally:
        survey.close()
    return page(sections)


if __name__ == "__main__":
    sys.stdout.write(main(sys.argv[1:]))
