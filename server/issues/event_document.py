"""The document of one event for people: made from its payload, which clients send in every shape.

Nothing here fails on a shape: what is not as expected is left out or shown as text. The readers are those of the
normaliser, so that a list, a map or an old client's member is read here as it was read for the row.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from engine.snapshot import ProjectConfig
from ingest.errors import InvalidItem
from ingest.jsontext import decode_json, encode_json
from ingest.normalise.inapp import in_app
from ingest.normalise.legacy import modernised
from ingest.normalise.times import time_ns
from ingest.normalise.values import listed, mapping, pairs, short, small_int, text
from ingest.symbols import PROBLEMS, Problem, Symbolicator
from queries.result import rfc3339

_MAX_DEPTH = 60
"""Deeper values are shown as JSON text; the encoder of answers ends at 254."""
_LARGEST_INT = 2**53
_MAX_LINE = 2**32 - 1
_FRAME_LINES = 50


def event_document(
    row: Mapping[str, Any], project: ProjectConfig, issue: str, symbols: Symbolicator | None = None
) -> dict[str, Any]:
    """Return the document of an event.

    Source maps are applied when the document is made, so a map that arrives after the event counts too. The event's row
    and with it its issue stay as the maps of the time of its arrival made them.

    Args:
        row: the columns of `texts.event_text`.
        project: the in-app rules of the event's project.
        issue: short id of its issue.
        symbols: resolves minified frames; None to leave them.
    """
    data = payload_of(row["payload"])
    problems: list[Problem] = []
    if symbols is not None:
        data, problems = symbols.event(data, project.id, project.artifacts)
    platform = short(data.get("platform"), 64)
    return {
        "event_id": row["id"],
        "timestamp": _moment(row["timestamp"]),
        "issue": issue,
        "project": project.slug,
        "title": row["title"] or "",
        "message": row["message"] or "",
        "level": row["level"] or "",
        "platform": row["platform"] or platform,
        "environment": row["environment"] or "",
        "release": row["release"] or "",
        "transaction": row["transaction"] or "",
        "culprit": row["culprit"] or "",
        "user": _user(data, row),
        "tags": [[text(key), text(value)] for key, value in row["tags"] or ()],
        "contexts": _contexts(data.get("contexts")),
        "exceptions": [_exception(value, platform, project) for value in listed(data.get("exception"))],
        "stacktrace": _frames(data.get("stacktrace"), platform, project),
        "threads": [_thread(value, platform, project) for value in listed(data.get("threads"))],
        "breadcrumbs": [_breadcrumb(value) for value in listed(data.get("breadcrumbs"))],
        "request": plain(data["request"]) if isinstance(data.get("request"), dict) else None,
        "sdk": plain(mapping(data.get("sdk"))),
        "modules": {text(name): text(version) for name, version in pairs(data.get("modules"))},
        "extra": {text(name): plain(value) for name, value in pairs(data.get("extra"))},
        "remarks": list(row["remarks"] or ()),
        "trace_id": row["trace"] or "",
        "span_id": row["trace.span"] or "",
        "errors": [_error(problem) for problem in problems],
    }


def payload_of(stored: str | None) -> dict[str, Any]:
    """Return the decoded payload under today's member names; empty when it is none."""
    try:
        value = decode_json((stored or "{}").encode("utf-8", "replace")).value
    except InvalidItem:
        return {}
    return modernised(value) if isinstance(value, dict) else {}


def plain(value: object, depth: int = 0) -> Any:
    """Return a decoded value as an answer can hold it: no decimals, no numbers readers would round, not too deep."""
    match value:
        case dict() | list() if depth >= _MAX_DEPTH:
            return encode_json(value).decode("utf-8", "replace")
        case dict():
            return {text(key): plain(member, depth + 1) for key, member in value.items()}
        case list():
            return [plain(member, depth + 1) for member in value]
        case bool() | None | str():
            return value
        case int():
            return value if -_LARGEST_INT <= value <= _LARGEST_INT else str(value)
        case Decimal():
            return _number(value)
        case float():
            return value
        case _:
            return text(value)


def _number(value: Decimal) -> float | str:
    made = float(value)
    return made if -1.8e308 < made < 1.8e308 else str(value)


def _moment(value: object) -> str | None:
    return rfc3339(value) if isinstance(value, datetime) else None


def _user(data: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    sent = data.get("user")
    shown = {text(key): plain(value) for key, value in mapping(sent).items()} if isinstance(sent, dict) else {}
    for name, column in (
        ("id", "user.id"),
        ("email", "user.email"),
        ("username", "user.username"),
        ("ip_address", "user.ip"),
    ):
        if row[column]:
            shown[name] = row[column]
    return shown


def _contexts(sent: object) -> dict[str, dict[str, Any]]:
    found = {}
    for name, value in pairs(sent):
        members = value if isinstance(value, dict) else {"value": value}
        found[text(name)] = {text(key): plain(member) for key, member in members.items()}
    return found


def _exception(sent: object, platform: str, project: ProjectConfig) -> dict[str, Any]:
    data = sent if isinstance(sent, dict) else {"value": sent}
    mechanism = data.get("mechanism")
    shown = plain(mechanism) if isinstance(mechanism, dict) else {"type": text(mechanism)} if mechanism else None
    handled = mapping(mechanism).get("handled")
    return {
        "type": text(data.get("type")),
        "value": text(data.get("value")),
        "module": text(data.get("module")),
        "handled": handled if isinstance(handled, bool) else None,
        "mechanism": shown,
        "frames": _frames(data.get("stacktrace"), platform, project),
    }


def _frames(stack: object, platform: str, project: ProjectConfig) -> list[dict[str, Any]]:
    frames = stack if isinstance(stack, list) else mapping(stack).get("frames")
    return [_frame(frame, platform, project) for frame in listed(frames) if isinstance(frame, dict)]


def _frame(sent: dict[str, Any], platform: str, project: ProjectConfig) -> dict[str, Any]:
    abs_path = text(sent.get("abs_path"))
    variables = sent.get("vars")
    line = sent.get("context_line")
    return {
        "function": text(sent.get("function")),
        "module": text(sent.get("module")),
        "filename": text(sent.get("filename")) or abs_path,
        "abs_path": abs_path,
        "lineno": small_int(sent.get("lineno"), _MAX_LINE) or None,
        "colno": small_int(sent.get("colno"), _MAX_LINE) or None,
        "in_app": in_app(sent, platform, project),
        "pre_context": [text(entry) for entry in listed(sent.get("pre_context"))[-_FRAME_LINES:]],
        "context_line": None if line is None else text(line),
        "post_context": [text(entry) for entry in listed(sent.get("post_context"))[:_FRAME_LINES]],
        "vars": {text(name): plain(value) for name, value in pairs(variables)} if variables else None,
        "minified": _minified(sent.get("data")),
    }


def _minified(data: object) -> dict[str, Any] | None:
    """Return where a resolved frame was in the minified script; None for frames that are as they were sent."""
    place = mapping(data).get("minified")
    if mapping(data).get("symbolicated") is not True or not isinstance(place, dict):
        return None
    return {
        "function": text(place.get("function")),
        "path": text(place.get("path")),
        "lineno": small_int(place.get("lineno"), _MAX_LINE) or None,
        "colno": small_int(place.get("colno"), _MAX_LINE) or None,
    }


def _error(problem: Problem) -> dict[str, str]:
    return {
        "type": problem.reason,
        "path": problem.path,
        "debug_id": problem.debug_id,
        "detail": PROBLEMS[problem.reason],
    }


def _thread(sent: object, platform: str, project: ProjectConfig) -> dict[str, Any]:
    data = mapping(sent)
    return {
        "id": text(data.get("id")),
        "name": text(data.get("name")),
        "crashed": data.get("crashed") is True,
        "current": data.get("current") is True,
        "state": text(data.get("state")),
        "frames": _frames(data.get("stacktrace"), platform, project),
    }


def _breadcrumb(sent: object) -> dict[str, Any]:
    data = sent if isinstance(sent, dict) else {"message": sent}
    return {
        "timestamp": _crumb_time(data.get("timestamp")),
        "type": text(data.get("type")) or "default",
        "category": text(data.get("category")),
        "level": text(data.get("level")) or "info",
        "message": text(data.get("message")),
        "data": plain(data["data"]) if data.get("data") is not None else None,
    }


def _crumb_time(sent: object) -> str | None:
    found = time_ns(sent)
    if found is None:
        return None
    try:
        return rfc3339(datetime.fromtimestamp(found // 1_000_000_000, UTC).replace(microsecond=found % 10**9 // 1000))
    except (ValueError, OverflowError, OSError):
        return None
