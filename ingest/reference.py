"""The page `docs/reference/ingest.md`: `python -m ingest.reference` prints it from the tables the code uses."""

from __future__ import annotations

import sys

from ingest.doors import tunnels
from ingest.endpoints import Endpoint
from ingest.handlers.model import NATURAL_KEYS
from ingest.http import ENDPOINTS, TUNNEL_PATHS
from ingest.itemlimits import GROUP_LIMITS, MAX_LOG_BYTES, MAX_LONE_SPANS
from ingest.items import ITEM_TYPES
from ingest.limits import KIB, MIB
from ingest.native.door import NATIVE_ENDPOINTS
from ingest.normalise.remarks import REMARKS
from ingest.normalise.trimming import BOUNDS, WHOLE_BYTES

REASONS: dict[str, tuple[str, str]] = {
    "no_credentials": ("401", "The request names no key."),
    "unknown_key": ("403", "There is no such key."),
    "revoked_key": ("403", "The key was revoked."),
    "wrong_project": ("403", "The key belongs to another project than the URL."),
    "unknown_project": ("403", "The project does not exist any more; for accepted events: it was deleted meanwhile."),
    "bad_project": ("400", "The project in the URL is not a number."),
    "bad_key": ("400", "The key is not 32 hex digits."),
    "bad_protocol_version": ("400", "`sentry_version` is above 8."),
    "dsn_mismatch": ("400", "The envelope's `dsn` names another key or project than the request."),
    "malformed": ("400", "The envelope's framing or the stored event's form is wrong; the causes say where."),
    "bad_encoding": ("400", "The body is not in the encoding its header names, or ends early."),
    "body_ended_early": ("400", "The connection ended before the body did."),
    "too_many_items": ("400", "The envelope has more items than allowed."),
    "too_large": ("413", "Body, decoded body or an item is above its limit."),
    "bad_query": ("400", "The query string has more members than anybody sends, or cannot be read."),
    "bad_event_id": ("400", "The event in the path is no id of 32 hex digits."),
    "bad_minidump": ("400", "The file does not begin with MDMP, or its archive is broken; or the form holds none."),
    "content_type": ("415", "The content type is none the endpoint takes."),
    "unknown_dataset": ("404", "Native ingest takes no lines of this name; in an envelope: the header names none."),
    "unknown_token": ("401", "The API token is unknown, expired or revoked."),
    "bad_signature": ("403", "A webhook does not prove the project's secret."),
    "line": ("200", "A line of native ingest cannot become a row; the answer says which and why."),
    "rate_limit": ("429", "The project or key has sent more than its rate limit; what was below it was taken."),
    "report": ("200", "What a browser sent is none of the reports Amber knows."),
    "spool_full": ("503", "The disk budget of the spool is spent; `Retry-After` says when to come back."),
    "no_configuration": ("503", "The configuration snapshot is missing; nothing is accepted without it."),
    "other": ("", "Refusals of too many different kinds within one second, counted together."),
    "json": ("200", "An item's payload is not JSON, even for the tolerant parser."),
    "not_an_object": ("200", "An item's payload is JSON, but not an object."),
    "container": ("200", "A container of spans, logs or metrics has no list of items."),
    "item_count": ("200", "A container's `item_count` is not the number of its items, or that is above 1000."),
    "trace": ("200", "A transaction or span has no usable trace id and span id."),
    "timestamps": ("200", "A transaction or span has no usable start and end."),
    "bad_content_type": ("415", "OpenTelemetry's exporters send `application/x-protobuf` or `application/json`."),
    "metric_name": ("200", "A metric of OpenTelemetry's without a name; the answer's partial success says so."),
    "metric_value": ("200", "A data point of OpenTelemetry's without a finite value; the partial success says so."),
    "buckets": ("200", "A histogram with not one more bucket than bounds; the partial success says so."),
    "otlp": ("200", "A request of OpenTelemetry's that could be read at the edge but not afterwards."),
    "no_recorded_value": ("200", "A data point that only says that there is no value any more."),
    "same_exception": ("200", "The exception came as a span event and as a log record; one of them is kept."),
    "metric": ("200", "A metric has no name, no known type or no finite value, or is one of too many."),
    "session": ("200", "A session has no id or an unknown status, or an aggregate counts no sessions."),
    "check_in": ("200", "A check-in names no monitor, or has an unknown status."),
    "feedback": ("200", "Feedback has no message."),
    "no_replay_id": ("200", "A segment of a replay does not say which replay it is of."),
    "content_lost": (
        "200",
        "The file a large payload waited in is gone: it was removed by hand, or the disk is broken.",
    ),
    "bad_recording": ("200", "A replay's recording or video cannot be read."),
    "no_profile_id": ("200", "A profile or a chunk has no id."),
    "no_samples": ("200", "A profile has no sample with a time and a stack."),
    "profile_format": ("200", "A profile is in a format without samples, such as a trace of Android."),
    "resent": ("200", "What has this id, or is the same container of logs or metrics, was accepted before."),
    "record": ("200", "A raw record could not be read."),
    "internal": ("200", "A defect of Amber on this item; it is kept for a replay."),
    "store_rejected": ("200", "The store refused the batch for good; it is kept for a replay."),
}
"""Reasons of outcomes, with the HTTP status the client got (200: it was found after the acknowledgement)."""


def page() -> str:
    """Return the page in Markdown."""
    lines = [
        "# What ingest reads, limits and remarks",
        "",
        "Generated by `python -m ingest.reference`; do not edit.",
        "",
        "## Endpoints",
        "",
        "Each path is served with and without a slash at its end, on the ingest port and on the web port, and answers",
        "`OPTIONS`; every answer carries the CORS headers. The paths of tunnels are the setting `tunnel_paths`.",
        "",
        "| method | path | what it takes |",
        "|---|---|---|",
        *(f"| {', '.join(e.methods)} | `{e.rule}` | {e.doc} |" for e in _endpoints()),
        "",
        "## Items of one envelope",
        "",
        "Too many are refused with 400, too many bytes with 413.",
        f"Lone spans (version 1): at most {MAX_LONE_SPANS}; logs: at most {_size(MAX_LOG_BYTES)} each on average.",
        "",
        "| types | at most | together |",
        "|---|---|---|",
        *(f"| {', '.join(g.types)} | {g.max_items} | {_size(g.max_bytes)} |" for g in GROUP_LIMITS),
        "",
        "## Item types",
        "",
        "An item that is set aside is acknowledged, kept in the dead-letter spool (`amber dlq list`) and counted in",
        "`outcomes` with its type as the reason; so is every type that is not listed.",
        "",
        "| type | becomes | category | largest payload |",
        "|---|---|---|---|",
        *(f"| {t.name} | {t.handling.value} | {t.category} | {_size(t.max_bytes)} |" for t in ITEM_TYPES.values()),
        "",
        "## Sent twice",
        "",
        "Clients send again what they got no answer for. The second copy is counted in `outcomes` as `duplicate`, with",
        "the reason `resent`. Statsd lines, metric buckets and counts of sessions are not looked at: two processes of",
        "one program send equal ones.",
        "",
        "| what | is known by |",
        "|---|---|",
        *(f"| {what} | {by} |" for what, by in NATURAL_KEYS.values()),
        "",
        "## Reasons",
        "",
        "| reason | answer | meaning |",
        "|---|---|---|",
        *(f"| {name} | {status} | {meaning} |" for name, (status, meaning) in REASONS.items()),
        "",
        "## Bounds of an event",
        "",
        f"Events and transactions of up to {WHOLE_BYTES // KIB} KiB are kept byte for byte. Of larger ones:",
        "",
        "| part | kept |",
        "|---|---|",
        *(f"| {part} | {kept} |" for part, kept in BOUNDS.items()),
        "",
        "What was cut is said in the event's own `_meta`, in Sentry's form: at the path of the value its length before",
        "(`len`) and what was done (`rem`: `!limit`, `s` for cut, `x` for left out); the row's remark is",
        "`payload:trimmed`. Columns have bounds of their own, below.",
        "",
        "## Remarks",
        "",
        "What normalisation changed stands in the `remarks` field of the row.",
        "",
        "| remark | meaning |",
        "|---|---|",
        *(f"| {name} | {meaning} |" for name, meaning in REMARKS.items()),
    ]
    return "\n".join(lines) + "\n"


def _endpoints() -> tuple[Endpoint, ...]:
    return (*ENDPOINTS, *NATIVE_ENDPOINTS, *tunnels(TUNNEL_PATHS))


def _size(size: int) -> str:
    return f"{size // MIB} MiB" if size >= MIB else f"{size // KIB} KiB"


if __name__ == "__main__":
    sys.stdout.write(page())
