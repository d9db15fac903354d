"""What a segment is named: by the route it tells, and without what identifies one thing where it is a raw URL.

OpenTelemetry asks for names of low cardinality, `{method} {http.route}` (semantic conventions, HTTP spans); what
instrumentations send is also the bare method, or the address as it was asked for. Sentry's OpenTelemetry SDKs name such
spans by method and route, and Relay replaces identifiers in names of the source `url`: both is done here, and only to
names an instrumentation made. A name somebody chose stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ingest.normalise.remarks import Remarks
from ingest.normalise.spandata import MAX_NAME_CHARS, UNLABELED, first_of
from ingest.normalise.urlnames import SANITIZED, URL, named_by_url, without_identifiers
from ingest.normalise.values import short, text
from ingest.otlp.model import Item, attributes_of
from ingest.otlp.resource import plain
from ingest.otlp.semantics import METHOD, ROUTE, TARGET, name_of, sent_source, source_of

ROUTE_REMARK = "transaction:route"


@dataclass(frozen=True, slots=True)
class Named:
    """The name of a segment.

    Attributes:
        name: what it is found by.
        source: where the name came from.
        sent: what it was before identifiers were replaced; `name` where none were.
        remarks: what was changed.
    """

    name: str
    source: str
    sent: str
    remarks: tuple[str, ...] = ()

    @property
    def before_cleaning(self) -> tuple[str, str]:
        """The name and its source as an event tells them: its own normalisation replaces identifiers, and says so."""
        return (self.sent, URL) if self.source == SANITIZED else (self.name, self.source)


def segment_named(span: Item) -> Named:
    """Return the name a span has as a segment."""
    attributes = plain(attributes_of(span))
    return named(text(span.get("name")).strip(), attributes)


def named(sent: str, attributes: Mapping[str, Any]) -> Named:
    """Return the name of a segment from the one that was sent and the segment's attributes."""
    name = (name_of(sent, attributes) or UNLABELED)[:MAX_NAME_CHARS]
    source = source_of(attributes)
    method, route = short(first_of(attributes, METHOD), 20), short(first_of(attributes, ROUTE), MAX_NAME_CHARS)
    if source == "route" and method and route and sent and _is_made(sent, method, attributes):
        by_route = f"{method} {route}"[:MAX_NAME_CHARS]
        return Named(by_route, source, by_route, () if by_route == name else (ROUTE_REMARK,))
    if source == URL and not sent_source(attributes) and not _is_address(_target(name, method)):
        return Named(name, "custom", name)
    return _cleaned(name, source)


def told_segment(attributes: Mapping[str, Any]) -> Named:
    """Return the name a span or record tells of a segment that did not come with it; empty for none."""
    name = short(attributes.get("sentry.segment.name"), MAX_NAME_CHARS)
    return _cleaned(name, short(attributes.get("sentry.segment.name.source"), 64))


def _cleaned(name: str, source: str) -> Named:
    remarks = Remarks()
    cleaned, its_source = named_by_url(name, source, remarks)
    return Named(cleaned, its_source, name, tuple(remarks.values()))


def _is_made(sent: str, method: str, attributes: Mapping[str, Any]) -> bool:
    """Tell whether a name is what instrumentations send for want of a better one: the method, or the raw address."""
    target = _target(sent, method)
    if target in {"", method, "HTTP", f"HTTP {method}"}:
        return True
    if not _is_address(target):
        return False
    told = {short(attributes.get(name), MAX_NAME_CHARS) for name in TARGET if name not in ROUTE}
    return target in told or without_identifiers(target) != target


def _target(name: str, method: str) -> str:
    """Return a name without the method before it."""
    return name.removeprefix(f"{method} ") if method else name


def _is_address(target: str) -> bool:
    return target.startswith("/") or "://" in target
