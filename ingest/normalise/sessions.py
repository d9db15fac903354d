"""Sessions to rows of `sessions` (Sentry's developer documentation, "Sessions").

A client tells of a session with its beginning (`init`), with its first error and with its end, or of many sessions of
one minute with their counts (`aggregates`). Both become the same counts, so that rates are quotients of sums. What a
single update claims to count (`Claim`) has to be counted once a session: the handler asks the seen-set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ingest.errors import InvalidItem
from ingest.hexids import event_id_of, row_id
from ingest.jsontext import Document, elements, members
from ingest.normalise.common import MILLISECOND_NS, environment_of, release_of, sdk_columns
from ingest.normalise.containers import InvalidPart, Rows
from ingest.normalise.model import Arrival, Row
from ingest.normalise.moments import moment_of
from ingest.normalise.people import ip_address
from ingest.normalise.remarks import Remarks
from ingest.normalise.times import SECOND_NS, time_ns
from ingest.normalise.typed import arrival_columns, platform_of
from ingest.normalise.values import mapping, number, short, small_int

STATUSES = frozenset({"ok", "exited", "errored", "unhandled", "crashed", "abnormal"})
MAX_SESSIONS = 10**9
"""Of one aggregate."""
_MAX_DURATION_S = 10 * 366 * 86_400
_MAX_SEQUENCE = 2**63 - 1

NO_COUNTS: Row = {
    "started_count": 0,
    "exited_count": 0,
    "errored_count": 0,
    "unhandled_count": 0,
    "abnormal_count": 0,
    "crashed_count": 0,
}
_BAD_ENDS = ("unhandled", "abnormal", "crashed")


@dataclass(frozen=True, slots=True)
class Update:
    """What one update of a session became.

    Attributes:
        row: with all its counts 0.
        claims: columns of the row that are to be 1, unless an earlier update of the session was counted there.
        sent_sequence: the number the client gave the update, or 0.
    """

    row: Row
    claims: tuple[str, ...]
    sent_sequence: int


def session_update(document: Document, arrival: Arrival) -> Update:
    """Return what a `session` item became.

    Raises:
        InvalidItem: it has no session id, or an unknown status.
    """
    sent = mapping(document.value)
    session_id = event_id_of(sent.get("sid"))
    if not session_id:
        raise InvalidItem("session", "a session needs sid, a UUID")
    status = short(sent.get("status"), 32).lower() or "ok"
    if status not in STATUSES:
        raise InvalidItem("session", f"{status!r} is no status of a session")
    remarks = Remarks(document.remarks)
    updated = time_ns(sent.get("timestamp"))
    told = arrival.received_at_ns if updated is None else updated
    began = sent.get("started") if time_ns(sent.get("started")) is not None else sent.get("timestamp")
    started = moment_of(began, arrival, arrival.project.retention_days, remarks)
    errors = small_int(sent.get("errors"), 2**32 - 1)
    sequence = _sequence(sent.get("seq"))
    row = {
        **_columns(mapping(sent.get("attrs")), sent.get("did"), arrival, remarks),
        "id": row_id(arrival.project.id, session_id, sequence, document.text),
        "timestamp": started // MILLISECOND_NS,
        "session_id": session_id,
        "status": status,
        "is_init": sent.get("init") is True,
        "sequence": sequence or told // MILLISECOND_NS,
        "errors": errors,
        "updated": max(0, told if updated is None else told + arrival.drift_ns) // MILLISECOND_NS,
        "duration_ns": _duration(sent.get("duration")),
        **NO_COUNTS,
        "abnormal_mechanism": short(sent.get("abnormal_mechanism"), 64),
        "remarks": remarks.values(),
        "payload": document.text,
    }
    return Update(row, _claims(status, errors, is_init=row["is_init"]), sequence)


def aggregate_rows(document: Document, arrival: Arrival, place: str) -> Rows:
    """Return the rows of a `sessions` item, one for each aggregate, and the aggregates that cannot be rows.

    Args:
        document: the item.
        arrival: of the item.
        place: where the item stood, part of the ids of its rows. What two processes of one program counted in a minute
            looks the same byte for byte, so equal items are no repetition.

    Raises:
        InvalidItem: it has no list of aggregates.
    """
    sent = mapping(document.value)
    aggregates = sent.get("aggregates")
    if not isinstance(aggregates, list):
        raise InvalidItem("session", "no list of aggregates")
    texts = elements(members(document.text)["aggregates"])
    attrs = mapping(sent.get("attrs"))
    found = Rows([], [])
    for number_, (aggregate, part) in enumerate(zip(aggregates, texts, strict=True)):
        try:
            one = Document(aggregate, part, document.remarks)
            found.rows.append(_aggregate(one, attrs, arrival, row_id(place, number_)))
        except InvalidItem as error:
            found.invalid.append(InvalidPart(number_, error.reason, error.message, part))
    return found


def _aggregate(document: Document, attrs: dict[str, Any], arrival: Arrival, id_: str) -> Row:
    aggregate = mapping(document.value)
    counts = {state: small_int(aggregate.get(state), MAX_SESSIONS) for state in ("exited", "errored", *_BAD_ENDS)}
    if not any(counts.values()):
        raise InvalidItem("session", "an aggregate counts no sessions")
    remarks = Remarks(document.remarks)
    started = moment_of(aggregate.get("started"), arrival, arrival.project.retention_days, remarks)
    return {
        **_columns(attrs, aggregate.get("did"), arrival, remarks),
        "id": id_,
        "timestamp": started // MILLISECOND_NS,
        "session_id": "",
        "status": "",
        "is_init": False,
        "sequence": 0,
        "errors": 0,
        "updated": started // MILLISECOND_NS,
        "duration_ns": 0,
        **{f"{state}_count": amount for state, amount in counts.items()},
        "started_count": sum(counts.values()),
        "errored_count": counts["errored"] + sum(counts[state] for state in _BAD_ENDS),
        "abnormal_mechanism": "",
        "remarks": remarks.values(),
        "payload": document.text,
    }


def _claims(status: str, errors: int, *, is_init: bool) -> tuple[str, ...]:
    """Return what an update may count: one beginning, one trouble of any kind, and one end for each session."""
    claims = ["started_count"] if is_init else []
    if errors or status not in {"ok", "exited"}:
        claims.append("errored_count")
    if status in _BAD_ENDS:
        claims.append(f"{status}_count")
    if status == "exited" and not errors:
        claims.append("exited_count")
    return tuple(claims)


def _columns(attrs: dict[str, Any], distinct_id: object, arrival: Arrival, remarks: Remarks) -> Row:
    address = short(attrs.get("ip_address"), 100)
    user = short(distinct_id, 200)
    sdk = sdk_columns(None, arrival)
    return {
        **arrival_columns(arrival, arrival.project.retention_days),
        "user": f"id:{user}" if user else "",
        "user_agent": short(attrs.get("user_agent"), 500),
        "ip": ip_address(arrival.remote_addr if address == "{{auto}}" else address),
        "environment": environment_of(attrs.get("environment"), remarks),
        "release": release_of(attrs.get("release"), remarks),
        "service": "",
        "platform": platform_of(sdk["sdk_name"]),
        "server_name": "",
        **sdk,
        "tags": {},
    }


def _sequence(value: object) -> int:
    return value if type(value) is int and 0 <= value <= _MAX_SEQUENCE else 0


def _duration(value: object) -> int:
    seconds = number(value)
    return int(seconds * SECOND_NS) if seconds is not None and 0 <= seconds <= _MAX_DURATION_S else 0
