"""A span container (version 2) to rows of `spans`.

Sentry's developer documentation, "Span protocol v2": `{"version": 2, "items": […]}`, at most 1 000 spans, whose number
the item header repeats as `item_count`. Children usually arrive before their segment, in another container; what a
child says of its segment is in `sentry.segment.id` and `sentry.segment.name`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ingest.errors import InvalidItem
from ingest.hexids import event_id_of, span_id_of, trace_id_of
from ingest.jsontext import Document, decode_json, elements, members
from ingest.normalise.attributes import put_context, put_tag
from ingest.normalise.common import (
    MILLISECOND_NS,
    add_user_agent,
    dist_of,
    environment_of,
    release_of,
    sdk_columns,
)
from ingest.normalise.model import Arrival, Row
from ingest.normalise.people import ip_address, user_row
from ingest.normalise.remarks import Remarks
from ingest.normalise.spandata import first_of, http_columns, kind_of, service_of, status_of
from ingest.normalise.times import clamp_ns, time_ns
from ingest.normalise.transaction import MAX_DESCRIPTION_CHARS, MAX_NAME_CHARS, UNLABELED
from ingest.normalise.values import mapping, number, scalar, short, text

CONTENT_TYPE = "application/vnd.sentry.items.span.v2+json"
MAX_ITEMS = 1000

_CONTEXT_PREFIXES = ("os.", "browser.", "runtime.", "device.", "app.", "culture.")
_RUNTIME = "process.runtime."
_DROPPED = frozenset(
    {
        "sentry.op",
        "sentry.origin",
        "sentry.segment.id",
        "sentry.segment.name",
        "sentry.release",
        "sentry.environment",
        "sentry.dist",
        "sentry.sdk.name",
        "sentry.sdk.version",
        "sentry.sdk.integrations",
        "sentry.platform",
        "sentry.trace_lifecycle",
        "sentry.replay_id",
        "sentry.description",
    }
)
"""Attributes that are columns of their own, or say nothing about the program."""


@dataclass(frozen=True, slots=True)
class InvalidSpan:
    """One span of a container that cannot become a row; its neighbours can."""

    reason: str
    detail: str
    text: bytes


def span_rows(document: Document, arrival: Arrival) -> tuple[list[Row], list[InvalidSpan]]:
    """Return the rows of a container in the order sent, and the spans that cannot be rows.

    Raises:
        InvalidItem: the container itself is wrong (no `items`, wrong `item_count`, too many spans).
    """
    container = mapping(document.value)
    if not isinstance(container.get("items"), list):
        raise InvalidItem("container", "no list of items")
    texts = elements(members(document.text)["items"])
    count = arrival.item_header.get("item_count")
    if count is not None and count != len(texts):
        raise InvalidItem("item_count", f"item_count is {text(count)}, but there are {len(texts)} items")
    if len(texts) > MAX_ITEMS:
        raise InvalidItem("item_count", f"more than {MAX_ITEMS} spans in one container")
    shift, remark = _shift(container["items"], arrival)
    infer = mapping(container.get("ingest_settings"))
    rows: list[Row] = []
    invalid: list[InvalidSpan] = []
    for span_text in texts:
        span = decode_json(span_text)
        remarks = Remarks(document.remarks)
        if remark:
            remarks.add(remark)
        try:
            rows.append(_row(span, arrival, infer, shift, remarks))
        except InvalidItem as error:
            invalid.append(InvalidSpan(error.reason, error.message, span_text))
    return rows, invalid


def _shift(items: list[Any], arrival: Arrival) -> tuple[int, str]:
    """Return what brings the earliest span into the accepted window; all move together, so a trace keeps its shape."""
    starts = [start for i in items if (start := time_ns(mapping(i).get("start_timestamp"))) is not None]
    if not starts:
        return 0, ""
    earliest = min(starts)
    clamped, remark = clamp_ns(earliest, arrival.received_at_ns, arrival.project.span_retention_days)
    return clamped - earliest, remark


def _row(document: Document, arrival: Arrival, infer: dict[str, Any], shift: int, remarks: Remarks) -> Row:
    span = mapping(document.value)
    trace_id, span_id = trace_id_of(span.get("trace_id")), span_id_of(span.get("span_id"))
    if not trace_id or not span_id:
        raise InvalidItem("trace", "a span needs trace_id and span_id")
    start, end = time_ns(span.get("start_timestamp")), time_ns(span.get("end_timestamp"))
    if start is None or end is None:
        raise InvalidItem("timestamps", "a span needs start_timestamp and end_timestamp")
    if end < start:
        remarks.add("duration:negative")
    attributes = _plain(span.get("attributes"), remarks)
    tags, measurements, contexts = _maps(attributes, remarks)
    if infer.get("infer_user_agent") == "auto":
        add_user_agent(contexts, attributes.get("user_agent.original") or arrival.user_agent, in_browser=True)
    return {
        "project_id": arrival.project.id,
        "trace_id": trace_id,
        "span_id": span_id,
        "parent_span_id": span_id_of(span.get("parent_span_id")),
        "timestamp": start + shift,
        "duration_ns": max(0, end - start),
        "ingested_at": arrival.received_at_ns // MILLISECOND_NS,
        "retention_days": arrival.project.span_retention_days,
        "sample_weight": 1.0,
        "event_id": "",
        **_naming(span, attributes, span_id),
        **_origin(attributes, arrival, remarks),
        **_user(attributes, arrival, infer),
        **http_columns(attributes),
        "replay_id": event_id_of(first_of(attributes, ("sentry.replay_id", "replay_id"))),
        "profile_id": event_id_of(first_of(attributes, ("sentry.profile_id", "sentry.profiler_id", "profile_id"))),
        "tags": tags,
        "measurements": measurements,
        "contexts": contexts,
        "remarks": [*remarks.values(), *document.remarks],
        "payload": document.text,
    }


def _naming(span: dict[str, Any], attributes: dict[str, Any], span_id: str) -> Row:
    is_segment = span.get("is_segment") is True
    sent = short(span.get("name"), MAX_NAME_CHARS)
    segment_name = short(attributes.get("sentry.segment.name"), MAX_NAME_CHARS)
    name = (segment_name or sent or UNLABELED) if is_segment else sent
    described = text(first_of(attributes, ("sentry.description",))) or text(span.get("name"))
    message = short(attributes.get("sentry.status.message"), 64)
    status = status_of(span.get("status"))
    return {
        "is_segment": is_segment,
        "segment_id": span_id if is_segment else span_id_of(attributes.get("sentry.segment.id")),
        "segment_name": name if is_segment else segment_name,
        "name": name,
        "op": short(attributes.get("sentry.op"), 200),
        "description": described[:MAX_DESCRIPTION_CHARS],
        "status": status_of(message) if status == "internal_error" and _is_word(message) else status,
        "kind": kind_of(attributes),
        "origin": short(attributes.get("sentry.origin"), 200),
        "source": short(first_of(attributes, ("sentry.segment.name.source", "sentry.span.source", "sentry.source")), 64)
        if is_segment
        else "",
    }


def _is_word(message: str) -> bool:
    return bool(message) and message.replace("_", "").isalpha()


def _origin(attributes: dict[str, Any], arrival: Arrival, remarks: Remarks) -> Row:
    sdk = {"name": attributes.get("sentry.sdk.name"), "version": attributes.get("sentry.sdk.version")}
    host = first_of(attributes, ("sentry.server_name", "host.name", "server.address"))
    return {
        "service": service_of(attributes),
        "platform": short(attributes.get("sentry.platform"), 64) or _platform_of(short(sdk["name"], 200)),
        "environment": environment_of(
            first_of(attributes, ("sentry.environment", "deployment.environment.name")), remarks
        ),
        "release": release_of(first_of(attributes, ("sentry.release", "service.version")), remarks),
        "dist": dist_of(attributes.get("sentry.dist"), remarks),
        "server_name": short(host, 200),
        **sdk_columns(sdk if sdk["name"] else None, arrival),
    }


def _platform_of(sdk_name: str) -> str:
    """Return the platform in a client's name: `sentry.javascript.node` is javascript."""
    parts = sdk_name.split(".")
    return parts[1] if len(parts) > 1 and parts[0] == "sentry" else "other"


def _user(attributes: dict[str, Any], arrival: Arrival, infer: dict[str, Any]) -> Row:
    sent = short(first_of(attributes, ("user.ip_address", "client.address")), 100)
    if sent == "{{auto}}" or (not sent and infer.get("infer_ip") == "auto"):
        sent = arrival.remote_addr
    return user_row(
        short(attributes.get("user.id"), 200),
        short(first_of(attributes, ("user.username", "user.name")), 200),
        short(attributes.get("user.email"), 200),
        ip_address(sent),
    )


def _plain(sent: object, remarks: Remarks) -> dict[str, Any]:
    """Return attributes without their type wrapper; a value that is not of its declared type counts as it is."""
    plain: dict[str, Any] = {}
    for key, attribute in mapping(sent).items():
        if not isinstance(attribute, dict):
            plain[key] = attribute
            continue
        value, declared = attribute.get("value"), attribute.get("type")
        check = _OF_TYPE.get(declared) if isinstance(declared, str) else None
        if check is not None and value is not None and not check(value):
            remarks.add("attributes:invalid")
        plain[key] = value
    return plain


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


_OF_TYPE: dict[str, Callable[[object], bool]] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": _is_integer,
    "double": _is_number,
    "array": lambda value: isinstance(value, list),
}


def _maps(attributes: dict[str, Any], remarks: Remarks) -> tuple[dict[str, str], dict[str, float], dict[str, str]]:
    """Sort attributes into tags (not numbers), measurements (numbers) and contexts (machine, browser, runtime)."""
    tags: dict[str, str] = {}
    measurements: dict[str, float] = {}
    contexts: dict[str, str] = {}
    for key, value in attributes.items():
        if value is None or key in _DROPPED:
            continue
        if _is_number(value):
            amount = number(value)
            if amount is not None:
                measurements[key[:MAX_NAME_CHARS]] = amount
        elif key.startswith(_CONTEXT_PREFIXES) and scalar(value):
            put_context(contexts, key, value, remarks)
        elif key.startswith(_RUNTIME) and scalar(value):
            put_context(contexts, "runtime." + key.removeprefix(_RUNTIME), value, remarks)
        else:
            put_tag(tags, key, value, remarks)
    for name in ("os", "browser", "runtime"):
        label = " ".join(v for member in ("name", "version") if (v := contexts.get(f"{name}.{member}")))
        if label:
            contexts[name] = label
    return tags, measurements, contexts
