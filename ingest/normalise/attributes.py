"""Tags, contexts, modules and measurements: the maps of a row, bounded."""

from __future__ import annotations

from itertools import islice
from typing import Any

from ingest.normalise.remarks import Remarks
from ingest.normalise.values import mapping, number, pairs, scalar, text

MAX_TAGS = 200
MAX_TAG_CHARS = 200
MAX_CONTEXT_MEMBERS = 500
MAX_CONTEXT_CHARS = 1024
MAX_MODULES = 1000

_SHORT_CONTEXTS = ("os", "browser", "runtime")
_MILLISECONDS = {
    "nanosecond": 1e-6,
    "microsecond": 1e-3,
    "millisecond": 1.0,
    "second": 1e3,
    "minute": 6e4,
    "hour": 3.6e6,
    "day": 8.64e7,
    "week": 6.048e8,
}
"""Duration units of measurements, in milliseconds (Sentry's `MetricUnit`)."""


def tags_of(value: object, remarks: Remarks) -> dict[str, str]:
    """Return tags from an object or pairs; null values, empty keys and containers are dropped."""
    tags: dict[str, str] = {}
    for key, raw in pairs(value):
        if type(key) is type(raw) is str and len(tags) < MAX_TAGS and 0 < len(raw) <= MAX_TAG_CHARS:
            name = key.strip()
            if 0 < len(name) <= MAX_TAG_CHARS:
                # Nearly every tag: nothing to convert or to cut.
                tags.setdefault(name, raw)
                continue
        put_tag(tags, key, raw, remarks)
    return tags


def put_tag(tags: dict[str, str], key: object, raw: object, remarks: Remarks) -> None:
    """Add one tag, trimmed; the first of a key counts."""
    if raw is None:
        return
    name = key.strip() if isinstance(key, str) else text(key)
    value = raw if isinstance(raw, str) else text(raw)
    if not name or not value:
        if not name:
            remarks.add("tags:invalid")
        return
    if len(name) > MAX_TAG_CHARS:
        remarks.add("tags.key:trimmed")
        name = name[:MAX_TAG_CHARS]
    if len(value) > MAX_TAG_CHARS:
        remarks.add("tags.value:trimmed")
        value = value[:MAX_TAG_CHARS]
    if len(tags) >= MAX_TAGS:
        remarks.add("tags:too_many")
        return
    tags.setdefault(name, value)


def contexts_of(value: object, remarks: Remarks) -> dict[str, str]:
    """Return the scalar members of the contexts as `context.member`, and `os`, `browser`, `runtime` as "name version".

    The trace context is left out: it has columns of its own.
    """
    flat: dict[str, str] = {}
    contexts = mapping(value)
    typed: dict[object, dict[str, Any]] = {}
    for name, context in contexts.items():
        if isinstance(context, dict):
            # sentry-cli names its runtime context `rust`.
            kind = context.get("type")
            if isinstance(kind, str):
                typed.setdefault(kind, context)
            if name != "trace":
                _flatten(name, context, flat, remarks)
    for name in _SHORT_CONTEXTS:
        context = mapping(contexts.get(name)) or typed.get(name)
        label = name_and_version(context) if context else ""
        if label:
            flat[name] = label
    return flat


def name_and_version(context: dict[str, Any]) -> str:
    """Return "name version" of a context, as far as it says."""
    name, version = context.get("name"), context.get("version")
    name = name.strip() if isinstance(name, str) else ""
    version = version.strip() if isinstance(version, str) else ""
    return (f"{name} {version}" if name and version else name or version)[:MAX_TAG_CHARS]


def _flatten(name: str, context: dict[str, Any], flat: dict[str, str], remarks: Remarks) -> None:
    for member, raw in context.items():
        if raw is None or member == "type" or not (type(raw) is str or scalar(raw)):
            continue
        if len(flat) >= MAX_CONTEXT_MEMBERS:
            remarks.add("contexts:too_many")
            return
        put_context(flat, f"{name}.{member}", raw, remarks)


def put_context(flat: dict[str, str], key: str, raw: object, remarks: Remarks) -> None:
    """Add one context member, trimmed and without surrounding blanks."""
    value = (raw if isinstance(raw, str) else text(raw)).strip()
    if len(value) > MAX_CONTEXT_CHARS:
        remarks.add("contexts.value:trimmed")
        value = value[:MAX_CONTEXT_CHARS]
    flat[key[:MAX_TAG_CHARS]] = value


class CheckedModules(dict[str, str]):
    """Modules that need no change; events share them."""

    __slots__ = ()


def checked_modules(value: object) -> object:
    """Return modules as such when nothing of them has to be changed, anything else as it is."""
    if type(value) is not dict or len(value) > MAX_MODULES:
        return value
    fits = all(type(v) is str for v in value.values()) and max(map(len, (*value, *value.values(), ""))) <= MAX_TAG_CHARS
    return CheckedModules(value) if fits else value


def modules_of(value: object, remarks: Remarks) -> dict[str, str]:
    """Return package names and versions."""
    modules = checked_modules(value)
    if isinstance(modules, CheckedModules):
        return modules
    found = mapping(modules)
    if len(found) > MAX_MODULES:
        remarks.add("modules:too_many")
    return {name[:MAX_TAG_CHARS]: text(version)[:MAX_TAG_CHARS] for name, version in islice(found.items(), MAX_MODULES)}


def measurements_of(value: object) -> dict[str, float]:
    """Return measurements from `{name: {value, unit}}` or `{name: number}`; durations in milliseconds."""
    found: dict[str, float] = {}
    for name, entry in mapping(value).items():
        unit = mapping(entry).get("unit")
        amount = number(entry.get("value") if isinstance(entry, dict) else entry)
        if amount is not None and len(found) < MAX_TAGS:
            found[name[:MAX_TAG_CHARS]] = amount * _MILLISECONDS.get(unit, 1.0) if isinstance(unit, str) else amount
    return found
