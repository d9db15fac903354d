"""The attributes of a span, from the payload it was sent with; long values are clipped. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

MOST_ATTRIBUTES = 500
CLIPPED_CHARS = 1_000
"""Characters of a value that are shown at first; prompts of language models are sent as attributes of megabytes."""

_TIMES = frozenset({"start_timestamp", "timestamp", "end_timestamp", "start", "end"})
_OTLP = frozenset({"traceId", "spanId", "parentSpanId", "startTimeUnixNano", "endTimeUnixNano", "name", "kind"})
_IDS = frozenset({"span_id", "trace_id", "parent_span_id", "op", "description", "status"})
_ELSEWHERE = _TIMES | _OTLP | _IDS | {"spans", "breadcrumbs", "modules", "_meta"}
"""Members that the page shows elsewhere."""

_HOLDERS = frozenset({"data", "tags", "attributes", "measurements"})
"""Members that hold attributes; theirs are shown by their own names."""


def attributes_of(payload: str) -> list[tuple[str, Any]]:
    """Return attributes by name, sorted; OTLP's `[{key, value: {stringValue}}]` is read like an object."""
    try:
        parsed = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return [("payload", payload)] if payload else []
    if not isinstance(parsed, dict):
        return []
    found: dict[str, Any] = {}
    for name, value in parsed.items():
        if name == "contexts":
            found.update(_contexts(value))
        elif name in _HOLDERS:
            found.update(_members(value))
        elif name not in _ELSEWHERE and value not in (None, "", {}, []):
            found[name] = value
    return sorted(found.items())


def document_of(payload: str, whole: str = "") -> list[dict[str, Any]]:
    """Return the attributes as the page reads them: name, text, length in characters before it was clipped.

    Args:
        payload: as it was sent.
        whole: name of an attribute that is not clipped.
    """
    shown = []
    for name, value in attributes_of(payload)[:MOST_ATTRIBUTES]:
        text = value if isinstance(value, str) else orjson.dumps(value).decode()
        clipped = text if whole and name == whole else text[:CLIPPED_CHARS]
        shown.append({"name": name[:300], "value": clipped, "chars": len(text)})
    return shown


def _contexts(contexts: object) -> Iterator[tuple[str, Any]]:
    """Give members of a transaction's contexts as `context.member`; those of `trace` are the span's own data."""
    if not isinstance(contexts, dict):
        return
    for name, context in contexts.items():
        if not isinstance(context, dict):
            yield name, context
        elif name == "trace":
            yield from _members(context.get("data"))
        else:
            yield from ((f"{name}.{key}", value) for key, value in context.items() if key != "type")


def _members(value: object) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from ((str(key), _plain(item)) for key, item in value.items())
    elif isinstance(value, list):
        for entry in value:
            if isinstance(entry, list) and len(entry) == 2:
                yield str(entry[0]), entry[1]
            elif isinstance(entry, dict) and isinstance(entry.get("key"), str):
                yield entry["key"], _plain(entry.get("value"))


def _plain(value: Any) -> Any:
    """Return the value itself where a client wrapped it: `{stringValue: x}`, `{value: 1, unit: "ms"}`."""
    if not isinstance(value, Mapping):
        return value
    keys = list(value)
    if len(keys) == 1 and keys[0].endswith("Value"):
        return value[keys[0]]
    if "value" in value and set(keys) <= {"value", "unit", "type"}:
        unit = value.get("unit")
        return f"{value['value']} {unit}" if isinstance(unit, str) and unit not in {"", "none"} else value["value"]
    return value
