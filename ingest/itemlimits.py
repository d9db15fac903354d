"""How many items of a kind an envelope may hold, and how large they may be together (Relay's defaults).

A size is refused with 413, a number with 400. The size of a single item is in `ingest.items`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ingest.envelope import Envelope, Item
from ingest.errors import Malformed, TooLarge
from ingest.items import item_type
from ingest.limits import KIB, MIB


@dataclass(frozen=True, slots=True)
class GroupLimit:
    """A limit of one or several item types together.

    Attributes:
        types: the item types.
        max_items: most of them in one envelope.
        max_bytes: most payload bytes of them together.
    """

    types: tuple[str, ...]
    max_items: int
    max_bytes: int


GROUP_LIMITS: tuple[GroupLimit, ...] = (
    *(GroupLimit((name,), 1, MIB) for name in ("event", "transaction", "feedback", "replay_event", "security")),
    GroupLimit(("raw_security",), 100, MIB),
    GroupLimit(("attachment",), 30, 200 * MIB),
    GroupLimit(("client_report",), 100, 100 * KIB),
    GroupLimit(("check_in",), 1, 100 * KIB),
    GroupLimit(("session", "sessions"), 100, 10 * MIB),
    GroupLimit(("profile",), 1, 50 * MIB),
    GroupLimit(("profile_chunk", "profile_chunk_ui"), 1, 50 * MIB),
    GroupLimit(("replay_recording", "replay_video"), 1, 100 * MIB),
    GroupLimit(("statsd", "metric_buckets", "metric_meta"), 1000, MIB),
)

MAX_LONE_SPANS = 25
"""Spans of version 1, one item each."""

MAX_LOG_BYTES = 2 * MIB
"""A container of logs may have so many bytes a log, on average."""

_GROUPS: dict[str, GroupLimit] = {name: group for group in GROUP_LIMITS for name in group.types}
_EVENTS = frozenset({"event", "transaction"})


def check_items(envelope: Envelope, max_event_bytes: int) -> None:
    """Refuse an envelope that is above a limit.

    Args:
        envelope: as parsed.
        max_event_bytes: the project's limit of an event or transaction.

    Raises:
        TooLarge: an item, or the items of a group together.
        Malformed: too many of them; reason `too_many_items`.
    """
    if len(envelope.items) == 1:
        _check_size(envelope.items[0], max_event_bytes)
        return
    counts: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for item in envelope.items:
        _check_size(item, max_event_bytes)
        name = "span v1" if _is_lone_span(item) else item.type
        group = _GROUPS.get(name)
        key = group.types[0] if group else name
        counts[key] += 1
        sizes[key] += item.size
    for name, count in counts.items():
        group = _GROUPS.get(name)
        most = MAX_LONE_SPANS if name == "span v1" else group.max_items if group else None
        if most is not None and count > most:
            raise Malformed("too many items", f"more than {most} {name} items", reason="too_many_items")
        if group is not None and sizes[name] > group.max_bytes:
            raise TooLarge(f"{name} items are too large", f"they exceed {group.max_bytes} bytes together")


def _check_size(item: Item, max_event_bytes: int) -> None:
    known = item_type(item.type)
    limit = min(known.max_bytes, max_event_bytes) if known.name in _EVENTS else known.max_bytes
    size = item.size
    if size > limit:
        raise TooLarge(f"{known.name} is too large", f"{known.name} item exceeds {limit} bytes")
    count = item.header.get("item_count")
    if known.name == "log" and isinstance(count, int) and count > 0 and size > MAX_LOG_BYTES * count:
        raise TooLarge("log is too large", f"logs exceed {MAX_LOG_BYTES} bytes on average")


def _is_lone_span(item: Item) -> bool:
    return item.type == "span" and "item_count" not in item.header
