"""Real events to perturb: those of `defects4j-errors`, and samples of clients that lie beside the labelled data."""

from __future__ import annotations

import json
import random
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from ml.perturb._events import perturbed_event

ERRORS: Final = "defects4j-errors"
_SAMPLES: Final = ("event_samples", "envelopes")
_ASSERTIONS: Final = ("junit.", "org.junit", "ComparisonFailure", "AssertionError", "AssertionFailedError")


_PLATFORMS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("java", "kt", "scala", "groovy"), "java"),
    **dict.fromkeys(("js", "ts", "jsx", "tsx", "mjs", "cjs", "vue"), "javascript"),
    **dict.fromkeys(("c", "cc", "cpp", "cxx", "h", "hpp", "rs", "m", "mm"), "native"),
    "py": "python",
    "rb": "ruby",
    "php": "php",
    "go": "go",
    "cs": "csharp",
    "swift": "cocoa",
    "ex": "elixir",
    "dart": "dart",
}
"""Ending of a file -> the platform of Sentry's protocol it is of."""


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
                row = orjson.loads(line)
                if not isinstance(row, dict):
                    raise TypeError("an error is a JSON object")  # noqa: TRY301 - told with its line, as others are
                yield _labelled(row, path.stem)
            except KeyError as error:
                raise ValueError(f"{path.name}, line {number}: there is no {error}") from error
            except (AttributeError, TypeError, orjson.JSONDecodeError) as error:
                raise ValueError(f"{path.name}, line {number}: {error}") from error


def json_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a file of JSON lines that say anything, with their numbers from 1; without a byte order mark.

    Of bytes: a message may hold characters that end a line of text (U+2028) and none of JSON.
    """
    for number, line in enumerate(path.read_bytes().removeprefix(BOM_UTF8).split(b"\n"), 1):
        if line.strip():
            yield number, line


def _labelled(row: Mapping[str, Any], file: str) -> LabelledEvent:
    """Return the event of a line; members other than `bug` may be absent, and some may have Sentry's names."""
    frames = [_frame(frame) for frame in reversed(row.get("frames") or [])]
    kind = _word(row, "exception", "type")
    error = {"type": kind, "value": _word(row, "message", "value"), "stacktrace": {"frames": frames}}
    event = {"platform": _word(row, "platform") or _platform_of(frames), "exception": {"values": [error]}}
    asserted = any(name in kind for name in _ASSERTIONS)
    return LabelledEvent(_word(row, "project"), str(row["bug"]), asserted, event, file)


def _frame(frame: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "module": frame.get("module"),
        "function": frame.get("function"),
        "filename": frame.get("file", frame.get("filename")),
        "lineno": frame.get("line", frame.get("lineno")),
        "in_app": frame.get("in_app"),
    }


def _word(row: Mapping[str, Any], *names: str) -> str:
    """Return the first of some members that is there as text, empty when none is."""
    found = next((row[name] for name in names if row.get(name) is not None), "")
    return found if isinstance(found, str) else str(found)


def _platform_of(frames: Sequence[Mapping[str, Any]]) -> str:
    """Return the platform most files of a stack are of, that of the public errors when their names do not tell."""
    seen = Counter(_PLATFORMS[ending] for one in frames if (ending := _ending(one.get("filename"))) in _PLATFORMS)
    return seen.most_common(1)[0][0] if seen else "java"


def _ending(file: object) -> str:
    return file.rpartition(".")[2].lower() if isinstance(file, str) else ""


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
