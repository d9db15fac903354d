"""What many rows repeat is bounded: resources, scopes and descriptions stand in the payload of each of their items.

A resource of a megabyte over ten thousand spans would otherwise be ten gigabytes of payloads.
"""

from __future__ import annotations

from typing import Any

from ingest.jsontext import encode_json
from ingest.otlp.model import Item, attributes_of

MAX_ATTRIBUTES_BYTES = 16 * 1024
"""JSON of the attributes of a resource, a scope or a metric's metadata that is kept: real ones are a tenth of it."""

MAX_WORD_CHARS = 1000

TRIMMED = "resource:trimmed"
"""The remark of items whose resource or scope was cut."""


def bounded(holder: dict[str, Any]) -> dict[str, Any]:
    """Return a resource or scope as it is, or with as many of its attributes as are kept and a count of the others."""
    attributes = attributes_of(holder)
    kept = bounded_attributes(attributes)
    words = {name: value for name, value in holder.items() if isinstance(value, str) and len(value) > MAX_WORD_CHARS}
    if kept is attributes and not words:
        return holder
    dropped = holder.get("dropped_attributes_count", 0) + len(attributes) - len(kept)
    cut = {name: value[:MAX_WORD_CHARS] for name, value in words.items()}
    return {**holder, **cut, "attributes": kept, "dropped_attributes_count": dropped}


def bounded_attributes(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes, the same mapping when all fit, else those that fit in the order sent."""
    if len(encode_json(attributes)) <= MAX_ATTRIBUTES_BYTES:
        return attributes
    kept: dict[str, Any] = {}
    left = MAX_ATTRIBUTES_BYTES
    for name, value in attributes.items():
        size = len(encode_json({name: value}))
        if size <= left:
            kept[name] = value
            left -= size
    return kept


def about_metric(metric: Item) -> Item:
    """Return a metric without its points, its texts cut: what stands in the payload of every point."""
    about = {name: value for name, value in metric.items() if name != "points"}
    for name in ("name", "unit", "description"):
        if len(about.get(name, "")) > MAX_WORD_CHARS:
            about[name] = about[name][:MAX_WORD_CHARS]
    if about.get("metadata"):
        about["metadata"] = bounded_attributes(about["metadata"])
    return about
