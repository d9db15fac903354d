"""What is kept of an oversized event, and the record of what was cut, in the event's own `_meta`.

The form of the record is Sentry's ("Trimming" and "Meta Attributes" in the developer documentation, as Relay writes
it): beside the path of a value stand `len`, its length before, and `rem`, with the rule `!limit`, what was done (`s`:
cut, `x`: removed) and the range of the mark. Events of up to `WHOLE_BYTES` are kept as they are, and so is every member
of up to `ITEM_BYTES`, so that an ordinary event costs one look at its length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from ingest.errors import InvalidItem
from ingest.jsontext import decode_json, encode_json, member_sizes, members
from ingest.normalise.remarks import Remarks
from ingest.normalise.stack import MAX_FRAMES
from ingest.normalise.values import mapping

KIB = 1024
WHOLE_BYTES = 32 * KIB
"""An event of that size is never trimmed: telling its members apart costs more than what could be cut is worth."""

ITEM_BYTES = 16 * KIB
TOTAL_BYTES = 256 * KIB
TEXT_BYTES = 64 * KIB
MAX_BREADCRUMBS = 200

BOUNDS: dict[str, str] = {
    "extra, contexts": "16 KiB each value, 256 KiB together",
    "request": "16 KiB each part (body, headers, cookies …)",
    "breadcrumbs": "the newest 200, 16 KiB each, 256 KiB together",
    "exception, threads, stacktrace": "250 frames a stack, 16 KiB for each part of a frame such as its variables,"
    " 64 KiB for anything else",
    "message, logentry, tags, user and other members": "64 KiB each",
}
"""What of an event above 32 KiB is kept; `docs/reference/ingest.md` shows it."""

_MARK = "..."
_MAX_DEPTH = 8
_LEAST = 32
"""Bytes below which the rest of a budget is not worth a cut value."""

Meta = dict[str, Any]
_Kept = tuple[Any, Meta]
_LEFT_WHOLE = frozenset({"debug_meta", "modules", "_meta", "spans"})
"""Modules and images are what frames are looked up in; spans are rows of their own."""


def trimmed_event(text: bytes) -> bytes | None:
    """Return the text of an event without what is above its bounds, or None when nothing is."""
    if len(text) <= WHOLE_BYTES:
        return None
    try:
        sizes = member_sizes(text)
    except InvalidItem:
        return None
    large = [name for name, size in sizes.items() if size > ITEM_BYTES and name not in _LEFT_WHOLE]
    if not large:
        return None
    parts = members(text)
    cut: Meta = {}
    for name in large:
        value, meta = _PARTS.get(name, _any)(decode_json(parts[name]).value)
        if meta:
            parts[name] = encode_json(value)
            cut[name] = meta
    if not cut:
        return None
    told = mapping(decode_json(parts.get("_meta", b"{}")).value)
    parts["_meta"] = encode_json(_merged(told, cut))
    return b"{" + b",".join(msgspec.json.encode(name) + b":" + raw for name, raw in parts.items()) + b"}"


def kept_of(text: bytes, remarks: Remarks) -> bytes:
    """Return what is kept of an event's text, with a remark when that is not all."""
    kept = trimmed_event(text)
    if kept is None:
        return text
    remarks.add("payload:trimmed")
    return kept


def fit(value: Any, budget: int, depth: int = 0) -> _Kept:
    """Return what of a value fits into some bytes of JSON, and what its `_meta` says; no `_meta` when all does."""
    if isinstance(value, str):
        return _fit_text(value, budget)
    if not isinstance(value, dict | list) or len(encode_json(value)) <= budget:
        return value, {}
    if depth >= _MAX_DEPTH:
        return None, _removed(len(value))
    return _fit_members(value, budget, depth) if isinstance(value, dict) else _fit_elements(value, budget, depth)


def _fit_text(value: str, budget: int) -> _Kept:
    # An escaped character takes up to six bytes: one look at the length is enough for nearly all.
    if len(value) * 6 + 2 <= budget or len(encode_json(value)) <= budget:
        return value, {}
    most = max(0, budget - len(_MARK) - 2)
    cut = value[:most].encode()[:most].decode("utf-8", "ignore")
    while len(encode_json(cut)) > most + 2:
        cut = cut[: len(cut) * 3 // 4]
    note = {"len": len(value), "rem": [["!limit", "s", len(cut), len(cut) + len(_MARK)]]}
    return cut + _MARK, {"": note}


def _removed(length: int) -> Meta:
    return {"": {"len": length, "rem": [["!limit", "x"]]}}


def _fit_members(value: dict[str, Any], budget: int, depth: int) -> _Kept:
    kept: dict[str, Any] = {}
    meta: Meta = {}
    for name, one, cut in _within(value.items(), budget, depth):
        kept[name] = one
        if cut:
            meta[name] = cut
    if len(kept) < len(value):
        meta |= _removed(len(value))
    return kept, meta


def _fit_elements(value: list[Any], budget: int, depth: int) -> _Kept:
    kept: list[Any] = []
    meta: Meta = {}
    for number, one, cut in _within(enumerate(value), budget, depth):
        kept.append(one)
        if cut:
            meta[str(number)] = cut
    if len(kept) < len(value):
        meta |= _removed(len(value))
    return kept, meta


def _within(entries: Any, budget: int, depth: int) -> Iterator[tuple[Any, Any, Meta]]:
    """Yield entries in order while there is room, the last of them cut to what is left."""
    budget -= 2
    for key, value in entries:
        budget -= len(encode_json(key)) + 2 if isinstance(key, str) else 1
        if budget < _LEAST:
            return
        one, meta = fit(value, budget, depth + 1)
        budget -= len(encode_json(one))
        yield key, one, meta


def _any(value: Any) -> _Kept:
    return fit(value, TEXT_BYTES)


def _each(value: Any) -> _Kept:
    """Bound every member of an object by itself, and all together."""
    if not isinstance(value, dict):
        return fit(value, TEXT_BYTES)
    kept: dict[str, Any] = {}
    meta: Meta = {}
    for name, one in value.items():
        kept[name], cut = fit(one, ITEM_BYTES)
        if cut:
            meta[name] = cut
    if len(encode_json(kept)) > TOTAL_BYTES:
        kept, cut = fit(kept, TOTAL_BYTES)
        meta = _merged(meta, cut)
        if "" in cut:
            meta[""] = {**cut[""], "len": len(value)}
    return kept, meta


def _breadcrumbs(value: Any) -> _Kept:
    """Keep the newest, which clients put last."""
    if isinstance(value, dict):
        values, inner = _breadcrumbs(value.get("values"))
        return {**value, "values": values}, {"values": inner} if inner else {}
    if not isinstance(value, list):
        return fit(value, TEXT_BYTES)
    kept: list[Any] = []
    cuts: list[Meta] = []
    room = TOTAL_BYTES
    for crumb in reversed(value[-MAX_BREADCRUMBS:]):
        one, cut = fit(crumb, ITEM_BYTES)
        room -= len(encode_json(one)) + 1
        if room < 0:
            break
        kept.append(one)
        cuts.append(cut)
    meta: Meta = {str(number): cut for number, cut in enumerate(reversed(cuts)) if cut}
    if len(kept) < len(value):
        meta |= _removed(len(value))
    return kept[::-1], meta


def _stacks(value: Any) -> _Kept:
    """Bound the stacks of an exception, a thread, or a list of them, or a bare stack."""
    if isinstance(value, dict) and isinstance(value.get("values"), list):
        values, meta = _listed(value["values"], _owner)
        return {**value, "values": values}, {"values": meta} if meta else {}
    if isinstance(value, list):
        return _listed(value, _owner)
    return _owner(value)


def _listed(values: list[Any], bound: Callable[[Any], _Kept]) -> _Kept:
    found = [bound(one) for one in values]
    return [one for one, _ in found], {str(number): cut for number, (_, cut) in enumerate(found) if cut}


def _owner(value: Any) -> _Kept:
    """Bound what has a stack."""
    if not isinstance(value, dict):
        return fit(value, TEXT_BYTES)
    kept: dict[str, Any] = {}
    meta: Meta = {}
    for name, one in value.items():
        bound = _PLACES.get(name, _any)
        kept[name], cut = bound(one)
        if cut:
            meta[name] = cut
    return kept, meta


def _frames(value: Any) -> _Kept:
    """Keep the outermost and the innermost frames, each with bounded variables."""
    if not isinstance(value, list):
        return fit(value, TEXT_BYTES)
    half = MAX_FRAMES // 2
    kept = value if len(value) <= MAX_FRAMES else [*value[:half], *value[-half:]]
    frames, meta = _listed(kept, _frame)
    if len(kept) < len(value):
        meta |= _removed(len(value))
    return frames, meta


def _frame(value: Any) -> _Kept:
    if not isinstance(value, dict):
        return fit(value, TEXT_BYTES)
    kept, meta = dict(value), {}
    for name, one in value.items():
        kept[name], cut = fit(one, ITEM_BYTES)
        if cut:
            meta[name] = cut
    return kept, meta


def _merged(first: Meta, second: Meta) -> Meta:
    """Return two records as one; a note at the same place is the second's, of what came to us."""
    found = dict(first)
    for name, one in second.items():
        before = found.get(name)
        both = name and isinstance(before, dict) and isinstance(one, dict)
        found[name] = _merged(before, one) if both and isinstance(before, dict) else one
    return found


_PLACES: dict[str, Callable[[Any], _Kept]] = {"stacktrace": _owner, "raw_stacktrace": _owner, "frames": _frames}
_PARTS: dict[str, Callable[[Any], _Kept]] = {
    "extra": _each,
    "contexts": _each,
    "request": _each,
    "breadcrumbs": _breadcrumbs,
    "exception": _stacks,
    "threads": _stacks,
    "stacktrace": _owner,
}
