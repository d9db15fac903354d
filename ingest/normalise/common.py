"""What events and transactions have in common: release, environment, client, user, request, tags, contexts."""

from __future__ import annotations

import re
from typing import Any

from ingest.hexids import event_id_of, span_id_of, trace_id_of
from ingest.normalise.attributes import contexts_of, put_tag, tags_of
from ingest.normalise.model import Arrival, Row
from ingest.normalise.people import user_columns
from ingest.normalise.remarks import Remarks
from ingest.normalise.useragent import parse_user_agent
from ingest.normalise.values import fitted, mapping, pairs, short, small_int

_RELEASE = re.compile(r"(?![\s./\\]+\Z)[^\n\r\t\f]{1,200}")
_ENVIRONMENT = re.compile(r"(?!(?i:none)\Z)[^\n\r\f/]{1,64}")
_MAX_CHARS = 200
_MAX_DIST_CHARS = 64
_MAX_URL_CHARS = 4096

MILLISECOND_NS = 1_000_000


def common_columns(data: dict[str, Any], arrival: Arrival, remarks: Remarks) -> Row:
    """Return the columns that `errors` and `spans` share and that an event's or transaction's document fills."""
    contexts = mapping(data.get("contexts"))
    tags = tags_of(data.get("tags"), remarks)
    environment = data.get("environment") or tags.pop("environment", None)
    if isinstance(data.get("site"), str):
        put_tag(tags, "site", data["site"], remarks)
    return {
        "project_id": arrival.project.id,
        "ingested_at": arrival.received_at_ns // MILLISECOND_NS,
        "sample_weight": 1.0,
        "platform": short(data.get("platform"), 64) or "other",
        "environment": environment_of(environment, remarks),
        "release": release_of(data.get("release") or tags.pop("release", None), remarks),
        "dist": dist_of(data.get("dist") or tags.pop("dist", None), remarks),
        "server_name": fitted(data.get("server_name") or tags.get("server_name"), _MAX_CHARS, remarks),
        **sdk_columns(data.get("sdk"), arrival),
        **user_columns(data, arrival, remarks),
        **_request_columns(data, contexts, remarks),
        "replay_id": _replay_id(contexts, tags, arrival),
        "profile_id": _profile_id(contexts),
        "tags": tags,
        "contexts": _contexts(data, contexts, remarks),
    }


def release_of(value: object, remarks: Remarks) -> str:
    """Return a release, or an empty string with a remark when it is not one."""
    return _checked(value, _RELEASE, "release:invalid", remarks)


def environment_of(value: object, remarks: Remarks) -> str:
    """Return an environment, or an empty string with a remark when it is not one."""
    return _checked(value, _ENVIRONMENT, "environment:invalid", remarks)


def dist_of(value: object, remarks: Remarks) -> str:
    """Return a dist of at most 64 characters."""
    dist = short(value, _MAX_CHARS)
    if len(dist) > _MAX_DIST_CHARS:
        remarks.add("dist:trimmed")
    return dist[:_MAX_DIST_CHARS]


def sdk_columns(value: object, arrival: Arrival) -> Row:
    """Return name and version of the client: of the event, else of the envelope, else of the authentication."""
    sdk = mapping(value) or mapping(arrival.headers.get("sdk"))
    name, version = short(sdk.get("name"), _MAX_CHARS), short(sdk.get("version"), _MAX_CHARS)
    if not name:
        name, _, version = (arrival.client or short(value, _MAX_CHARS)).partition("/")
    return {"sdk_name": name, "sdk_version": version}


def trace_columns(contexts: dict[str, Any]) -> Row:
    """Return trace and span id of the trace context, empty when it has none."""
    trace = mapping(contexts.get("trace"))
    return {"trace_id": trace_id_of(trace.get("trace_id")), "span_id": span_id_of(trace.get("span_id"))}


def _checked(value: object, pattern: re.Pattern[str], remark: str, remarks: Remarks) -> str:
    if value is None or value == "":
        return ""
    found = value.strip() if isinstance(value, str) else short(value, _MAX_CHARS)
    if pattern.fullmatch(found):
        return found
    remarks.add(remark)
    return ""


def _request_columns(data: dict[str, Any], contexts: dict[str, Any], remarks: Remarks) -> Row:
    request = mapping(data.get("request"))
    return {
        "http_method": short(request.get("method"), 20).upper(),
        "http_url": fitted(request.get("url"), _MAX_URL_CHARS, remarks),
        "http_status_code": small_int(mapping(contexts.get("response")).get("status_code"), 999),
    }


def _replay_id(contexts: dict[str, Any], tags: dict[str, str], arrival: Arrival) -> str:
    replay = mapping(contexts.get("replay")).get("replay_id") or tags.get("replayId")
    return event_id_of(replay or mapping(arrival.headers.get("trace")).get("replay_id"))


def _profile_id(contexts: dict[str, Any]) -> str:
    profile = mapping(contexts.get("profile"))
    return event_id_of(profile.get("profile_id") or profile.get("profiler_id"))


def _contexts(data: dict[str, Any], contexts: dict[str, Any], remarks: Remarks) -> dict[str, str]:
    flat = contexts_of(contexts, remarks)
    if "browser" not in flat:
        for name, value in pairs(mapping(data.get("request")).get("headers")):
            if isinstance(name, str) and name.lower() == "user-agent":
                agent = value[0] if isinstance(value, list) and value else value
                add_user_agent(flat, agent, in_browser=data.get("platform") == "javascript")
    return flat


def add_user_agent(flat: dict[str, str], agent: object, *, in_browser: bool) -> None:
    """Add browser and operating system of a User-Agent header, unless the client said better.

    On a server the header's system is the visitor's, not the machine's: it becomes `client_os`, as in Relay.
    """
    if not isinstance(agent, str):
        return
    has_system = "os" in flat
    for key, value in parse_user_agent(agent[:500]):
        if not key.startswith("os"):
            flat.setdefault(key, value)
        elif not in_browser:
            flat.setdefault(f"client_{key}", value)
        elif not has_system:
            flat[key] = value
