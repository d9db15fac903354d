"""Events and issues as Sentry's API tells them (`/api/0/projects/…/events/?full=1`, `…/issues/`), as events to store.

The API tells an event in `entries`, with members in camel case (docs.sentry.io/api/events); the event's own JSON
(`…/events/<id>/json/`) is taken as it is. What the API leaves out (variables it has scrubbed) cannot come back. Lists
asked for without `full=1` tell summaries: a title without a stack. They are no events to store: the whole event, when
it is imported later, would be taken for a repetition. `sentry export` (develop.sentry.dev, backup and relocation) holds
records of settings, `{"model", "pk", "fields"}`, and no events at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ingest.hexids import event_id_of
from ingest.jsontext import encode_json
from ingest.normalise.times import time_ns
from ingest.normalise.values import listed, mapping, pairs, short, text

ISSUE_TAG = "sentry.issue"
"""Tag that keeps the short id an issue had in Sentry."""

_CAMEL = re.compile(r"(?<=[a-z0-9])([A-Z])")
_SAME = ("message", "platform", "culprit", "user", "contexts", "dist", "fingerprint", "location")
_ERROR_TYPES = frozenset({"error", "default", "csp", "hpkp", "expectct", "expectstaple", "generic", ""})
_STATUSES = {
    "resolved": "resolved",
    "resolvedInNextRelease": "resolved",
    "unresolved": "unresolved",
    "ignored": "ignored",
    "muted": "ignored",
}
_PRIORITIES = frozenset({"high", "medium", "low"})


class LeftOut(StrEnum):
    """What a document is that is neither an event to store nor an issue."""

    TRANSACTION = "transaction"
    SUMMARY = "summary"
    BACKUP = "backup"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ExportedIssue:
    """An issue as Sentry knew it.

    Attributes:
        group_id: its number there; events name it.
        short_id: such as `SHOP-1A`.
        status: unresolved, resolved or ignored.
        priority: high, medium, low or empty.
        substatus: as told, such as `archived_until_escalating`; empty from old versions.
        details: `statusDetails` as told: in which release it is resolved, until when it is archived.
        assignee: `user:mail`, `team:slug`, or empty for nobody.
    """

    group_id: str
    short_id: str
    status: str
    priority: str
    substatus: str = ""
    details: Mapping[str, Any] = field(default_factory=dict, hash=False)
    assignee: str = ""


@dataclass(frozen=True, slots=True)
class ExportedEvent:
    """An event to store.

    Attributes:
        event_id: as in Sentry.
        group_id: number of its issue there, empty when it was not told.
        timestamp_ns: when it happened, None when it was not told.
        document: the event as a client would have sent it.
    """

    event_id: str
    group_id: str
    timestamp_ns: int | None
    document: dict[str, Any]

    def body(self, issue: ExportedIssue | None) -> bytes:
        """Return the event's JSON, with the short id of its issue as a tag."""
        if issue is None or not issue.short_id:
            return encode_json(self.document)
        tags = dict(pairs(self.document.get("tags")))
        return encode_json({**self.document, "tags": {**tags, ISSUE_TAG: issue.short_id}})


def read_document(value: object) -> ExportedEvent | ExportedIssue | LeftOut:
    """Return what one document of an export is."""
    told = mapping(value)
    if "shortId" in told and "entries" not in told:
        return _issue(told)
    if "entries" in told:
        return _event(told)
    if "eventID" in told:
        kind = short(told.get("event.type") or told.get("type"), 32)
        return LeftOut.SUMMARY if kind in _ERROR_TYPES else LeftOut.TRANSACTION
    if event_id_of(told.get("event_id")):
        return _own_event(told)
    if "model" in told and "fields" in told:
        return LeftOut.BACKUP
    return LeftOut.UNKNOWN


def _issue(told: Mapping[str, Any]) -> ExportedIssue:
    priority, status = short(told.get("priority"), 16), short(told.get("status"), 32)
    details = mapping(told.get("statusDetails"))
    return ExportedIssue(
        short(told.get("id"), 40),
        short(told.get("shortId"), 100),
        _STATUSES.get(status, "unresolved"),
        priority if priority in _PRIORITIES else "",
        short(told.get("substatus"), 40),
        {**details, "inNextRelease": True} if status == "resolvedInNextRelease" else details,
        _assignee(told.get("assignedTo")),
    )


def _assignee(value: object) -> str:
    """Return who has an issue: told by type and name, by the whole person, or in old versions as `user:1`."""
    told = mapping(value)
    if short(told.get("type"), 16) == "team":
        slug = short(told.get("name"), 200)
        return f"team:{slug}" if slug else ""
    email = short(told.get("email"), 200)
    return f"user:{email}" if email else ""


def _own_event(told: Mapping[str, Any]) -> ExportedEvent | LeftOut:
    if short(told.get("type"), 32) not in _ERROR_TYPES:
        return LeftOut.TRANSACTION
    group = short(told.get("group_id") or told.get("groupID"), 40)
    return ExportedEvent(
        event_id_of(told.get("event_id")), group, time_ns(told.get("timestamp")), {**told, "received": None}
    )


def _event(told: Mapping[str, Any]) -> ExportedEvent | LeftOut:
    event_id = event_id_of(told.get("eventID") or told.get("id"))
    if not event_id:
        return LeftOut.UNKNOWN
    if short(told.get("type"), 32) not in _ERROR_TYPES:
        return LeftOut.TRANSACTION
    created = told.get("dateCreated") or told.get("dateReceived")
    document: dict[str, Any] = {name: told[name] for name in _SAME if told.get(name) not in (None, "", {}, [])}
    document |= {
        "event_id": event_id,
        "timestamp": created,
        "level": _tag(told, "level"),
        "logger": _tag(told, "logger"),
        "environment": _tag(told, "environment"),
        "server_name": _tag(told, "server_name"),
        "transaction": _tag(told, "transaction") or told.get("location"),
        "release": _release(told),
        "modules": told.get("packages") or None,
        "sdk": told.get("sdk"),
        "tags": {key: value for key, value in pairs(told.get("tags")) if key not in _TAGS_WITH_PLACES},
        "extra": told.get("context") or None,
    }
    for entry in listed(told.get("entries")):
        read = _ENTRIES.get(short(mapping(entry).get("type"), 32))
        if read is not None:
            document |= read(mapping(mapping(entry).get("data")))
    if not any(document.get(name) for name in _SAYING):
        document["message"] = _title(told)
    kept = {name: value for name, value in document.items() if value not in (None, "", {}, [])}
    return ExportedEvent(event_id, short(told.get("groupID"), 40), time_ns(created), kept)


_SAYING = ("exception", "logentry", "message", "stacktrace", "threads", "csp")
"""Members one of which an event is titled by."""


def _title(told: Mapping[str, Any]) -> str:
    """Return the words of an event that only its title tells, as those that are no errors of code do."""
    return text(mapping(told.get("occurrence")).get("issueTitle")) or text(told.get("title"))


_TAGS_WITH_PLACES = frozenset({"level", "logger", "environment", "server_name", "release", "transaction", "dist"})


def _tag(told: Mapping[str, Any], name: str) -> str:
    return next((text(value) for key, value in pairs(told.get("tags")) if key == name), "")


def _release(told: Mapping[str, Any]) -> str:
    release = told.get("release")
    return short(mapping(release).get("version") or release, 250) or _tag(told, "release")


def _exception(data: Mapping[str, Any]) -> dict[str, Any]:
    return {"exception": {"values": [_snake_exception(value) for value in listed(data.get("values"))]}}


def _snake_exception(value: object) -> dict[str, Any]:
    told = mapping(value)
    kept = {name: told.get(name) for name in ("type", "value", "module", "mechanism")}
    return {**kept, "thread_id": told.get("threadId"), **_stack(told)}


def _stack(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the stack, and the one before its frames were resolved, which the payload keeps."""
    found: dict[str, Any] = {}
    for name, ours in (("stacktrace", "stacktrace"), ("rawStacktrace", "raw_stacktrace")):
        stack = mapping(told.get(name))
        frames = listed(stack.get("frames"))
        if frames:
            found[ours] = {"frames": [_frame(frame) for frame in frames]}
            if stack.get("registers"):
                found[ours]["registers"] = stack["registers"]
    return found


def _frame(value: object) -> dict[str, Any]:
    """Return a frame in snake case; its context is a list of numbered lines in the API."""
    told = {_snake(name): one for name, one in mapping(value).items()}
    told["lineno"], told["colno"] = told.pop("line_no", None), told.pop("col_no", None)
    lines = [(number, line) for number, line in (_pair(one) for one in listed(told.pop("context", None)))]
    if told["lineno"] is not None:
        told["pre_context"] = [line for number, line in lines if number < told["lineno"]]
        told["context_line"] = next((line for number, line in lines if number == told["lineno"]), None)
        told["post_context"] = [line for number, line in lines if number > told["lineno"]]
    return {name: one for name, one in told.items() if one not in (None, [], {})}


def _pair(value: object) -> tuple[int, str]:
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], int):
        return value[0], text(value[1])
    return 0, ""


def _request(data: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: data.get(name) for name in ("url", "method", "data", "headers", "cookies", "env", "fragment")}
    return {"request": {**kept, "query_string": data.get("query")}}


def _message(data: Mapping[str, Any]) -> dict[str, Any]:
    return {"logentry": {name: data.get(name) for name in ("formatted", "message", "params")}}


def _breadcrumbs(data: Mapping[str, Any]) -> dict[str, Any]:
    return {"breadcrumbs": {"values": listed(data.get("values"))}}


def _threads(data: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("id", "name", "crashed", "current", "state")
    threads = [mapping(value) for value in listed(data.get("values"))]
    return {"threads": {"values": [{**{n: t.get(n) for n in kept}, **_stack(t)} for t in threads]}}


def _stacktrace(data: Mapping[str, Any]) -> dict[str, Any]:
    return _stack({"stacktrace": data})


def _csp(data: Mapping[str, Any]) -> dict[str, Any]:
    return {"csp": dict(data)}


def _debug_meta(data: Mapping[str, Any]) -> dict[str, Any]:
    return {"debug_meta": dict(data)}


_ENTRIES: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "exception": _exception,
    "request": _request,
    "message": _message,
    "breadcrumbs": _breadcrumbs,
    "threads": _threads,
    "stacktrace": _stacktrace,
    "csp": _csp,
    "debugmeta": _debug_meta,
}


def _snake(name: str) -> str:
    return _CAMEL.sub(lambda found: "_" + found[1].lower(), name)
