"""`/cron/`: check-ins of monitors without an SDK, from a crontab line with curl.

The status, id, environment and duration (seconds) may stand in the query; a JSON body may hold a whole check-in, with
the monitor's configuration. The query wins. Without a status a call means `ok`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from ingest.answers import Answer, document
from ingest.calls import Call
from ingest.doors.envelopes import take_envelope
from ingest.edge import Edge
from ingest.endpoints import Endpoint
from ingest.envelope import Envelope, Item
from ingest.errors import InvalidItem, Malformed
from ingest.hexids import event_id_of
from ingest.jsontext import decode_json, encode_json
from ingest.limits import KIB

STATUSES = ("in_progress", "ok", "error")
NIL_ID = "0" * 32
"""An id the client does not know: the newest open check-in of the monitor is meant."""

_SLUG = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_MAX_BYTES = 100 * KIB


def check_in(edge: Edge, call: Call) -> Answer:
    """Take a check-in and answer 202 with its id."""
    sender = edge.sender(call)
    slug = call.arguments["slug"]
    if not _SLUG.fullmatch(slug):
        raise Malformed("bad check-in", "a monitor's slug has up to 100 letters, digits, `-`, `_` and `.`")
    body = edge.decoded(call, sender, _MAX_BYTES) if call.method == "POST" else b""
    payload = {**_sent(body), **_said(call), "monitor_slug": slug}
    payload.setdefault("status", "ok")
    payload["check_in_id"] = event_id_of(payload.get("check_in_id")) or NIL_ID
    if payload["status"] not in STATUSES:
        raise Malformed("bad check-in", f"status is one of {', '.join(STATUSES)}")
    item = Item({"type": "check_in"}, encode_json(payload))
    answer = take_envelope(edge, call, sender, Envelope({}, (item,)))
    return document({"id": payload["check_in_id"]}, 202) if answer.status == 200 else answer


def _sent(body: bytes) -> dict[str, Any]:
    """Return the check-in in a body; curl says its `-d` bodies are forms, so what is no JSON object does not count."""
    if not body.lstrip().startswith(b"{"):
        return {}
    try:
        value = decode_json(body).value
    except InvalidItem as error:
        raise Malformed("bad check-in", error.message) from error
    return value if isinstance(value, dict) else {}


def _said(call: Call) -> Mapping[str, Any]:
    """Return what the query says."""
    said: dict[str, Any] = {}
    for name in ("status", "check_in_id", "environment"):
        text = call.parameter(name)
        if text:
            said[name] = text
    duration = call.parameter("duration")
    if duration:
        try:
            said["duration"] = float(duration)
        except ValueError as error:
            raise Malformed("bad check-in", "duration is a number of seconds") from error
        if not math.isfinite(said["duration"]) or said["duration"] < 0:
            raise Malformed("bad check-in", "duration is a number of seconds")
    return said


CRON: tuple[Endpoint, ...] = (
    Endpoint(
        "cron_with_key",
        "/api/<project>/cron/<slug>/<key>",
        check_in,
        ("POST", "GET"),
        "A check-in by a plain URL with the key in it: `curl …/cron/nightly/KEY?status=ok`.",
    ),
    Endpoint(
        "cron", "/api/<project>/cron/<slug>", check_in, ("POST", "GET"), "A check-in with the key in header or query."
    ),
)
