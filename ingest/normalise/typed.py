"""Typed attributes, `{name: {"value": …, "type": …}}`, of spans, logs and metrics: which columns they fill.

Names are those of the Sentry SDKs and of OpenTelemetry's semantic conventions, older spellings after newer ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from ingest.normalise.attributes import MAX_TAG_CHARS, MAX_TAGS, put_context, put_tag
from ingest.normalise.common import MILLISECOND_NS, add_user_agent, environment_of, release_of, sdk_columns
from ingest.normalise.containers import Container
from ingest.normalise.model import Arrival, Row
from ingest.normalise.people import ip_address, user_row
from ingest.normalise.remarks import Remarks
from ingest.normalise.spandata import first_of, service_of
from ingest.normalise.values import mapping, number, short

MAX_KEY_CHARS = 200

COLUMN_ATTRIBUTES = frozenset(
    {
        "sentry.release",
        "sentry.environment",
        "sentry.sdk.name",
        "sentry.sdk.version",
        "sentry.sdk.integrations",
        "sentry.platform",
        "sentry.replay_id",
    }
)
"""Attributes that are columns of every dataset, or say nothing about the program."""

_CONTEXT_PREFIXES = ("os.", "browser.", "runtime.", "device.", "culture.")
_APP = frozenset(
    f"app.{name}"
    for name in (
        *("app_build", "app_identifier", "app_memory", "app_name", "app_start_time", "app_version", "build_type"),
        *("device_app_hash", "free_memory", "in_foreground", "permissions", "start_type", "view_names"),
    )
)
"""Members of Sentry's app context. Other names that begin with `app.` are what programs call their own, as tenants."""
_RUNTIME = "process.runtime."


def plain_attributes(sent: object, remarks: Remarks) -> dict[str, Any]:
    """Return attributes without their type wrapper; a value that is not of its declared type counts as it is."""
    plain: dict[str, Any] = {}
    for key, attribute in mapping(sent).items():
        if not isinstance(attribute, dict):
            plain[key] = attribute
            continue
        value, declared = attribute.get("value"), attribute.get("type")
        if value is not None and type(declared) is str and type(value) not in _OF_TYPE.get(declared, _ANY):
            remarks.add("attributes:invalid")
        plain[key] = value
    return plain


def tags_and_measurements(
    attributes: Mapping[str, Any], dropped: frozenset[str], remarks: Remarks
) -> tuple[dict[str, str], dict[str, float]]:
    """Sort attributes into tags (not numbers) and measurements (numbers).

    Args:
        attributes: without their type wrapper.
        dropped: names that have columns of their own.
        remarks: gets what had to be cut.
    """
    tags: dict[str, str] = {}
    measurements: dict[str, float] = {}
    for key, value in attributes.items():
        if value is None or key in dropped:
            continue
        kind = type(value)
        if kind in _NUMBERS:
            amount = number(value)
            if amount is not None:
                measurements[key[:MAX_KEY_CHARS]] = amount
        elif kind is str and 0 < len(value) <= MAX_TAG_CHARS and len(tags) < MAX_TAGS and _is_plain(key):
            # Nearly every one: nothing to convert or to cut.
            tags.setdefault(key, value)
        else:
            put_tag(tags, key, value, remarks)
    return tags, measurements


def split_contexts(attributes: Mapping[str, Any], remarks: Remarks) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the attributes that tell nothing of machine, browser and runtime, and the contexts of those that do."""
    rest: dict[str, Any] = {}
    contexts: dict[str, str] = {}
    for key, value in attributes.items():
        name = _context_name(key) if type(value) in _WORDS else ""
        if name:
            put_context(contexts, name, value, remarks)
        else:
            rest[key] = value
    for name in ("os", "browser", "runtime") if contexts else ():
        label = " ".join(v for member in ("name", "version") if (v := contexts.get(f"{name}.{member}")))
        if label:
            contexts[name] = label
    return rest, contexts


def infer_user_agent(
    contexts: dict[str, str], attributes: Mapping[str, Any], container: Container, arrival: Arrival
) -> None:
    """Add browser and system of a User-Agent, the attribute's or the sender's, when the client asked for it."""
    if container.infer_agent:
        agent = attributes.get("user_agent.original") or arrival.user_agent
        add_user_agent(contexts, agent, in_browser=True)


def arrival_columns(arrival: Arrival, retention_days: int) -> Row:
    """Return the columns the arrival alone fills."""
    return {
        "project_id": arrival.project.id,
        "ingested_at": arrival.received_at_ns // MILLISECOND_NS,
        "retention_days": retention_days,
        "sample_weight": 1.0,
    }


def origin_columns(attributes: Mapping[str, Any], arrival: Arrival, remarks: Remarks) -> Row:
    """Return service, platform, environment, release, host and client library."""
    sdk = {"name": attributes.get("sentry.sdk.name"), "version": attributes.get("sentry.sdk.version")}
    host = first_of(attributes, ("sentry.server_name", "host.name", "server.address"))
    environment = first_of(attributes, ("sentry.environment", "deployment.environment.name"))
    columns = sdk_columns(sdk if sdk["name"] else None, arrival)
    return {
        "service": service_of(attributes),
        "platform": short(attributes.get("sentry.platform"), 64) or platform_of(columns["sdk_name"]),
        "environment": environment_of(environment, remarks),
        "release": release_of(first_of(attributes, ("sentry.release", "service.version")), remarks),
        "server_name": short(host, 200),
        **columns,
    }


def platform_of(sdk_name: str) -> str:
    """Return the platform in a client's name: `sentry.javascript.node` is javascript."""
    parts = sdk_name.split(".")
    return parts[1] if len(parts) > 1 and parts[0] == "sentry" else "other"


def user_of_attributes(attributes: Mapping[str, Any], arrival: Arrival, *, infer_address: bool) -> Row:
    """Return the user columns."""
    sent = short(first_of(attributes, ("user.ip_address", "client.address")), 100)
    if sent == "{{auto}}" or (not sent and infer_address):
        sent = arrival.remote_addr
    return user_row(
        short(attributes.get("user.id"), 200),
        short(first_of(attributes, ("user.username", "user.name")), 200),
        short(attributes.get("user.email"), 200),
        ip_address(sent),
    )


@lru_cache(maxsize=4096)
def _context_name(key: str) -> str:
    """Return the member of a context that an attribute is, or an empty string: few names, met with every record."""
    if key.startswith(_CONTEXT_PREFIXES) or key in _APP:
        return key
    return "runtime." + key.removeprefix(_RUNTIME) if key.startswith(_RUNTIME) else ""


@lru_cache(maxsize=4096)
def _is_plain(key: str) -> bool:
    """Tell whether a name can be a tag's key as it is."""
    return 0 < len(key) <= MAX_KEY_CHARS and key == key.strip()


_WORDS = frozenset({str, bool})
_NUMBERS = frozenset({int, float, Decimal})
_ANY = frozenset({str, bool, int, float, Decimal, list, dict})
_OF_TYPE: dict[str, frozenset[type]] = {
    "string": frozenset({str}),
    "boolean": frozenset({bool}),
    "integer": frozenset({int}),
    "double": _NUMBERS,
    "array": frozenset({list}),
}
"""Types of decoded JSON by the type an attribute declares."""
