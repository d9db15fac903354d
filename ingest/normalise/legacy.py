"""Events of old clients (raven and earlier): interfaces under their class names become the members of today."""

from __future__ import annotations

from typing import Any

INTERFACES = {
    "sentry.interfaces.Exception": "exception",
    "sentry.interfaces.exception.Exception": "exception",
    "sentry.interfaces.Message": "logentry",
    "sentry.interfaces.message.Message": "logentry",
    "sentry.interfaces.Stacktrace": "stacktrace",
    "sentry.interfaces.stacktrace.Stacktrace": "stacktrace",
    "sentry.interfaces.Http": "request",
    "sentry.interfaces.http.Http": "request",
    "sentry.interfaces.User": "user",
    "sentry.interfaces.user.User": "user",
    "sentry.interfaces.Breadcrumbs": "breadcrumbs",
    "sentry.interfaces.threads.Threads": "threads",
    "sentry.interfaces.Threads": "threads",
    "sentry.interfaces.Contexts": "contexts",
    "http": "request",
}

SECURITY_MEMBERS = {
    "csp": "csp",
    "sentry.interfaces.Csp": "csp",
    "hpkp": "hpkp",
    "expectct": "expectct",
    "expectstaple": "expectstaple",
    "nel": "nel",
}


def modernised(data: dict[str, Any]) -> dict[str, Any]:
    """Return an event with today's member names; a member sent under its own name wins."""
    old = [name for name in data if name in INTERFACES]
    if not old:
        return data
    renamed = {name: value for name, value in data.items() if name not in INTERFACES}
    for name in old:
        renamed.setdefault(INTERFACES[name], data[name])
    return renamed


def payload_type(data: dict[str, Any]) -> str:
    """Return what an event payload really is: its own `type` beats the item's, and reports are known by their member.

    sentry-python sends feedback as an `event` item; browsers' reports arrive as stored events.
    """
    said = data.get("type")
    if isinstance(said, str) and said not in {"", "error", "default", "generic"}:
        return said
    for member, name in SECURITY_MEMBERS.items():
        if isinstance(data.get(member), dict):
            return name
    return "event"
