"""`/security/`, `/csp-report/` and `/nel/`: what browsers report by themselves.

Content Security Policy (`report-uri`), the Reporting API (`application/reports+json`, a list), Expect-CT, Expect-Staple
and Network Error Logging. Each report becomes an item `raw_security` of an envelope; `ingest.normalise.reports` reads
them. Browsers take any 2xx and repeat nothing, so the answer is an empty 200.
"""

from __future__ import annotations

from engine.ids import new_event_id
from ingest.answers import Answer, empty
from ingest.calls import Call
from ingest.doors.envelopes import take_envelope
from ingest.edge import Edge
from ingest.endpoints import Endpoint
from ingest.envelope import Envelope, Item
from ingest.errors import InvalidItem, Malformed, Refused, TooLarge
from ingest.jsontext import elements
from ingest.limits import MIB

TYPES = frozenset(
    {
        "application/csp-report",
        "application/reports+json",
        "application/json",
        "application/expect-ct-report",
        "application/expect-ct-report+json",
        "application/expect-staple-report",
        "application/expect-staple-report+json",
        "application/hpkp-report",
    }
)
_MAX_REPORTS = 100
_BLANK = b" \t\r\n"


def report(edge: Edge, call: Call) -> Answer:
    """Take one report or a list of them."""
    sender = edge.sender(call)
    if call.content_type not in TYPES:
        raise Refused(
            "unsupported content type",
            status=415,
            reason="content_type",
            causes=(f"send one of {', '.join(sorted(TYPES))}",),
        )
    text = edge.decoded(call, sender, MIB).strip(_BLANK)
    header = {
        "type": "raw_security",
        "content_type": call.content_type,
        "sentry_release": call.parameter("sentry_release"),
        "sentry_environment": call.parameter("sentry_environment"),
    }
    items = tuple(Item({**header, "event_id": new_event_id()}, part) for part in _reports(text))
    if items:
        answer = take_envelope(edge, call, sender, Envelope({}, items))
        if answer.status != 200:
            return answer
    return empty()


def _reports(text: bytes) -> list[bytes]:
    """Return the texts of the single reports."""
    if not text.startswith((b"[", b"{")):
        raise Malformed("bad report", "neither a JSON object nor a list of them")
    if text.startswith(b"{"):
        return [text]
    try:
        found = elements(text)
    except InvalidItem as error:
        raise Malformed("bad report", error.message) from error
    if len(found) > _MAX_REPORTS:
        raise TooLarge("too many reports", f"more than {_MAX_REPORTS} reports in one list")
    return found


REPORTS: tuple[Endpoint, ...] = tuple(
    Endpoint(name.replace("-", "_"), f"/api/<project>/{name}", report, doc=doc)
    for name, doc in (
        ("security", "Reports of browsers: CSP, Reporting API, Expect-CT, Expect-Staple."),
        ("csp-report", "The same under its older name."),
        ("nel", "Network Error Logging of browsers."),
    )
)
