"""An exception of a request (`ingest.otlp.exceptions`) to the event a Sentry client would have sent for it."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import Any

from ingest.normalise.attributes import MAX_CONTEXT_MEMBERS
from ingest.normalise.model import Arrival
from ingest.normalise.remarks import Remarks
from ingest.normalise.values import short, text
from ingest.otlp.exceptions import Found
from ingest.otlp.model import attributes_of
from ingest.otlp.resource import (
    Origin,
    body_text,
    dist_column,
    item_columns,
    maps_of,
    origin_of,
    plain,
    replay_of,
    user_columns,
)
from ingest.otlp.semantics import op_of, span_status, url_of
from ingest.otlp.severity import event_level
from ingest.otlp.stacks import parse_stack
from ingest.otlp.stacks_common import ParsedException, ParsedStack

MECHANISM = "opentelemetry"
_MAX_EXTRA = 100

Event = dict[str, Any]


def event_of(exception: Found, event_id: str, arrival: Arrival) -> Event:
    """Return the event of an exception; scrubbing comes after it, and sees all of it."""
    item: dict[str, Any] = exception.get("item") or {}
    attributes = plain(attributes_of(item))
    origin = origin_of(exception["holder"]["resource"], exception["holder"]["scope"], arrival)
    remarks = Remarks()
    columns = item_columns(attributes, origin, arrival, 0, remarks)
    tags, measurements, contexts = maps_of(attributes, origin, frozenset(), remarks)
    if columns["service"]:
        tags.setdefault("service.name", columns["service"])
    platform = columns["platform"]
    values, spoken, extra = _exception_values(attributes_of(exception), origin)
    if spoken and platform == "other":
        platform = spoken
    body = body_text(item.get("body")) if item.get("body") is not None else ""
    document: Event = {
        "event_id": event_id,
        "timestamp": _rfc3339(exception.get("time_unix_nano", 0)),
        "platform": platform,
        "level": event_level(item.get("severity_number", 0), short(item.get("severity_text"), 20)),
        "logger": short(attributes.get("log.logger.name"), 200) or origin.scope if exception["source"] == "log" else "",
        "logentry": {"formatted": body} if body else None,
        "transaction": exception.get("segment", ""),
        "transaction_info": {"source": exception["segment_source"]} if exception.get("segment_source") else None,
        "server_name": columns["server_name"],
        "environment": columns["environment"],
        "release": columns["release"],
        "dist": dist_column(attributes, origin, remarks),
        "sdk": {"name": columns["sdk_name"], "version": columns["sdk_version"]},
        "user": _user(attributes, origin),
        "request": _request(attributes),
        "exception": {"values": values},
        "contexts": _contexts(exception, attributes, origin, contexts),
        "tags": tags,
        "extra": {**dict(list(measurements.items())[:_MAX_EXTRA]), **extra},
    }
    return {name: value for name, value in document.items() if value not in (None, "", {}, [])}


def _rfc3339(time_ns: int) -> str:
    """Return nanoseconds since the epoch as text without rounding; empty for none."""
    if not time_ns:
        return ""
    whole = datetime.fromtimestamp(time_ns // 1_000_000_000, UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{time_ns % 1_000_000_000:09d}Z"


def _user(attributes: dict[str, Any], origin: Origin) -> dict[str, str]:
    columns = user_columns(attributes, origin)
    named = {
        "id": columns["user_id"],
        "email": columns["user_email"],
        "username": columns["user_username"],
        "ip_address": columns["user_ip"],
    }
    return {name: value for name, value in named.items() if value}


def _request(attributes: dict[str, Any]) -> dict[str, Any]:
    method = short(attributes.get("http.request.method") or attributes.get("http.method"), 20)
    url = url_of(attributes)
    agent = short(attributes.get("user_agent.original") or attributes.get("http.user_agent"), 500)
    found = {"method": method, "url": url, "headers": {"User-Agent": agent} if agent else {}}
    return {name: value for name, value in found.items() if value}


def _contexts(
    exception: Found, attributes: dict[str, Any], origin: Origin, flat: dict[str, str]
) -> dict[str, dict[str, Any]]:
    """Return the contexts, nested as Sentry has them: `os.name` is the member `name` of `os`."""
    found: dict[str, dict[str, Any]] = {}
    for name, value in islice(flat.items(), MAX_CONTEXT_MEMBERS):
        context, _, member = name.partition(".")
        if member:
            found.setdefault(context, {})[member] = value
    item = exception.get("item") or {}
    if exception.get("trace_id"):
        trace = {"trace_id": exception["trace_id"], "span_id": exception.get("span_id", "")}
        if exception["source"] == "span":
            status = item.get("status") or {}
            trace |= {
                "parent_span_id": item.get("parent_span_id", ""),
                "op": op_of(item.get("kind", ""), attributes),
                "status": span_status(status.get("code", ""), text(status.get("message")), attributes),
            }
        found["trace"] = {name: value for name, value in trace.items() if value}
    replay = replay_of(attributes)
    if replay:
        found["replay"] = {"replay_id": replay}
    status_code = attributes.get("http.response.status_code") or attributes.get("http.status_code")
    if status_code:
        found["response"] = {"status_code": status_code}
    if exception["source"] == "span":
        found["otel"] = {"span_name": short(item.get("name"), 200), "scope": origin.scope}
    return found


def _exception_values(attributes: dict[str, Any], origin: Origin) -> tuple[list[dict[str, Any]], str, dict[str, str]]:
    """Return the exceptions, the platform their stack speaks for, and the stack's text when it was not all understood.

    What the client says in attributes about the outermost exception beats what its text says.
    """
    sent = plain(attributes)
    kind, message, stack_text = (text(sent.get(f"exception.{name}")) for name in ("type", "message", "stacktrace"))
    stack, platform = parse_stack(stack_text, origin.language) if stack_text else (None, "")
    if stack is None:
        stack = ParsedStack([ParsedException(kind, message)], complete=False)
    outermost = stack.exceptions[-1]
    outermost.type = kind or outermost.type
    outermost.value = message or outermost.value
    if not outermost.type and not outermost.value:
        outermost.value = stack_text.strip().partition("\n")[0]
    values = _sentry_values(stack, _handled(sent.get("exception.escaped")))
    extra = {"exception.stacktrace": stack_text} if stack_text and not stack.complete else {}
    return values, platform, extra


def _handled(escaped: object) -> bool | None:
    """Return whether the exception was caught; an escaped one left the span, so it was not."""
    return None if escaped is None else text(escaped).lower() != "true"


def _sentry_values(stack: ParsedStack, handled: bool | None) -> list[dict[str, Any]]:
    """Return exceptions in Sentry's form; ids count from the outermost, which is the last."""
    count = len(stack.exceptions)
    ids = {id(e): count - 1 - index for index, e in enumerate(stack.exceptions)}
    values: list[dict[str, Any]] = []
    for exception in stack.exceptions:
        mechanism: dict[str, Any] = {"type": MECHANISM if exception.parent is None else "chained"}
        if handled is not None:
            mechanism["handled"] = handled
        if count > 1:
            mechanism["exception_id"] = ids[id(exception)]
            if exception.parent is not None:
                mechanism |= {"parent_id": ids.get(id(exception.parent), 0), "source": exception.source}
        if exception.is_group:
            mechanism["is_exception_group"] = True
        value: dict[str, Any] = {"type": exception.type, "value": exception.value, "mechanism": mechanism}
        if exception.frames:
            value["stacktrace"] = {"frames": exception.frames}
        values.append(value)
    return values
