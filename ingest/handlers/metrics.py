"""Metrics of the Sentry protocol, of today and retired."""

from __future__ import annotations

from ingest.envelope import Item
from ingest.handlers.containers import accept_once, digest_of, refuse_parts
from ingest.handlers.model import Batch, Place, Tools
from ingest.jsontext import Document, decode_json
from ingest.normalise.buckets import bucket_rows, statsd_rows
from ingest.normalise.containers import InvalidPart
from ingest.normalise.metrics import metric_rows


def trace_metrics(item: Item, place: Place, batch: Batch, tools: Tools) -> None:
    """A container of metric points."""
    found = metric_rows(tools.read(item, place, "metrics"), place.arrival, digest_of(item))
    accept_once(b"m", "metrics", item, found, (place, batch, tools))


def statsd(item: Item, place: Place, batch: Batch, tools: Tools) -> None:
    """Lines of statsd. Two processes may well send the same line, so none is taken for a repetition."""
    text = tools.scrub(Document(item.payload, item.payload), place.arrival, "metrics").text
    found = statsd_rows(text, place.arrival, place.id)
    tools.accept("metrics", found.rows, place, batch)
    refuse_parts(item, found.invalid, "metrics", (place, batch, tools), bare=True)


def metric_buckets(item: Item, place: Place, batch: Batch, tools: Tools) -> None:
    """A JSON list of buckets."""
    document = tools.scrub(decode_json(item.payload), place.arrival, "metrics")
    found = bucket_rows(document, place.arrival, place.id)
    tools.accept("metrics", found.rows, place, batch)
    lists = [InvalidPart(part.number, part.reason, part.detail, b"[" + part.text + b"]") for part in found.invalid]
    refuse_parts(item, lists, "metrics", (place, batch, tools), bare=True)
