"""Which spans are segments, and which segment each span of a request belongs to.

A segment is the entry span of a service: a root, or a server's or consumer's span whose parent is in another process.
Bits 8 and 9 of the flags say whether the parent is remote; SDKs from before version 1.1 of the protocol do not set
them, and then a server's or consumer's span is an entry unless its parent is of the same resource in the same request.
"""

from __future__ import annotations

from ingest.otlp.model import Item, Part

_REMOTE_IS_KNOWN = 0x100
_IS_REMOTE = 0x200
_ENTRY_KINDS = frozenset({"server", "consumer"})

_Key = tuple[int, str, str]
"""Number of the resource, trace id, span id."""


def segments_of(parts: list[Part]) -> dict[_Key, Item]:
    """Return the segment of each span whose segment is in the request, by `span_key`."""
    spans = {span_key(part, span): span for part in parts for span in part.items}
    found: dict[_Key, Item | None] = {}
    for key in spans:
        _resolve(key, spans, found)
    return {key: segment for key, segment in found.items() if segment is not None}


def span_key(part: Part, span: Item) -> _Key:
    """Return what a span is known by within a request."""
    return part.resource_number, span.get("trace_id", ""), span.get("span_id", "")


def _resolve(key: _Key, spans: dict[_Key, Item], found: dict[_Key, Item | None]) -> None:
    """Walk up to the segment and note it for all on the way; a ring of parents has none."""
    path: list[_Key] = []
    current = key
    segment: Item | None = None
    on_path: set[_Key] = set()
    while current in spans and current not in on_path:
        if current in found:
            segment = found[current]
            break
        path.append(current)
        on_path.add(current)
        span = spans[current]
        parent = (current[0], current[1], span.get("parent_span_id", ""))
        if _is_segment(span, has_parent=parent in spans):
            segment = span
            break
        current = parent
    found.update(dict.fromkeys(path, segment))


def _is_segment(span: Item, *, has_parent: bool) -> bool:
    if not span.get("parent_span_id"):
        return True
    if span.get("kind") not in _ENTRY_KINDS:
        return False
    flags = span.get("flags", 0)
    return bool(flags & _IS_REMOTE) if flags & _REMOTE_IS_KNOWN else not has_parent
