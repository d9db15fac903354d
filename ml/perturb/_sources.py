"""Real events to perturb: those of `defects4j-errors`, and samples of clients that lie beside the labelled data."""

from __future__ import annotations

import json
import random
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from ml.perturb._events import perturbed_event

ERRORS: Final = "defects4j-errors"
_SAMPLES: Final = ("event_samples", "envelopes")
_ASSERTIONS: Final = ("junit.", "org.junit", "ComparisonFailure", "AssertionError", "AssertionFailedError")


@dataclass(frozen=True, slots=True)
class LabelledEvent:
    """An event whose cause is known.

    Attributes:
        project: it is of.
        bug: events of one bug have one cause.
        asserted: whether it is an assertion of a test, not an error of the program: where it was raised tells which
            test failed, not why.
        event: in Sentry's event format, frames oldest first.
        file: name of the file it stands in, without its ending.
    """

    project: str
    bug: str
    asserted: bool
    event: dict[str, Any]
    file: str = ""


def labelled_events(data: Path) -> Iterator[LabelledEvent]:
    """Yield the events of all `defects4j-errors/*.jsonl` below a folder.

    Raises:
        ValueError: a line is no error event.
    """
    for path in sorted((data / ERRORS).glob("*.jsonl")):
        for number, line in json_lines(path):
            try:
                yield _labelled(orjson.loads(line), path.stem)
            except (KeyError, TypeError, orjson.JSONDecodeError) as error:
                raise ValueError(f"{path.name}, line {number}: {error!r}") from error


def json_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a file of JSON lines that say anything, with their numbers from 1; without a byte order mark.

    Of bytes: a message may hold characters that end a line of text (U+2028) and none of JSON.
    """
    for number, line in enumerate(path.read_bytes().removeprefix(BOM_UTF8).split(b"\n"), 1):
        if line.strip():
            yield number, line


def _labelled(row: Mapping[str, Any], file: str) -> LabelledEvent:
    frames = [
        {
            "module": frame["module"],
            "function": frame["function"],
            "filename": frame["file"],
            "lineno": frame["line"],
            "in_app": frame["in_app"],
        }
        for frame in reversed(row["frames"])
    ]
    error = {"type": row["exception"], "value": row["message"], "stacktrace": {"frames": frames}}
    event = {"platform": "java", "exception": {"values": [error]}}
    asserted = any(name in row["exception"] for name in _ASSERTIONS)
    return LabelledEvent(row["project"], row["bug"], asserted, event, file)


def real_events(data: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (name, event) of error events in sample folders below or beside a folder: JSON files and envelopes."""
    for base in (data, data.parent):
        for folder in _SAMPLES:
            for path in sorted((base / folder).rglob("*")):
                if path.suffix in {".json", ".bin"} and path.is_file() and not path.name.endswith(".headers.json"):
                    for number, event in enumerate(_events_in(path)):
                        yield f"{path.relative_to(base)}#{number}", event


def _events_in(path: Path) -> Iterator[dict[str, Any]]:
    """The error events of a file that is one event, or an envelope with a line each."""
    whole = path.read_bytes()
    try:
        texts = [orjson.loads(whole)]
    except orjson.JSONDecodeError:
        texts = [found for line in whole.split(b"\n") if (found := _json(line)) is not None]
    yield from (found for found in texts if isinstance(found, dict) and _is_error(found))


def _json(line: bytes) -> object:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None


def _is_error(event: Mapping[str, Any]) -> bool:
    told = event.get("exception") or event.get("stacktrace") or event.get("logentry")
    return bool(told) and event.get("type") not in {"transaction", "feedback", "profile", "replay_event"}


def perturbed(data: Path, seed: int) -> Iterator[dict[str, Any]]:
    """Yield `{"name", "bug", "event", "perturbed"}` for every real event below a folder; equal seeds, equal events."""
    rng = random.Random(seed)  # noqa: S311 - reproducible on purpose
    for number, labelled in enumerate(labelled_events(data)):
        changed = perturbed_event(labelled.event, rng)
        yield {"name": f"{labelled.bug}#{number}", "bug": labelled.bug, "event": labelled.event, "perturbed": changed}
    for name, event in real_events(data):
        yield {"name": name, "bug": None, "event": event, "perturbed": perturbed_event(event, rng)}


def as_lines(data: Path, seed: int) -> Iterator[str]:
    """Yield `perturbed` as JSON lines."""
    for one in perturbed(data, seed):
        yield json.dumps(one, ensure_ascii=False, sort_keys=True)
