"""Who sends: the columns, tags and contexts that a resource and an instrumentation scope fill.

Names are those of OpenTelemetry's semantic conventions; attributes of Sentry's (`sentry.release`, `sentry.environment`)
win where both are there, and those of an item win over those of its resource.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ingest.hexids import event_id_of
from ingest.jsontext import encode_json
from ingest.normalise.attributes import put_context, put_tag
from ingest.normalise.common import dist_of, environment_of, release_of
from ingest.normalise.model import Arrival, Row
from ingest.normalise.people import ip_address, user_row
from ingest.normalise.remarks import Remarks
from ingest.normalise.spandata import first_of
from ingest.normalise.typed import arrival_columns, split_contexts, tags_and_measurements
from ingest.normalise.values import scalar, short, text
from ingest.otlp.model import attributes_of

DEFAULT_SCOPE = "default"

_PLATFORMS = {
    "nodejs": "node",
    "webjs": "javascript",
    "dotnet": "csharp",
    "cpp": "native",
    "swift": "cocoa",
    "erlang": "elixir",
}
"""`telemetry.sdk.language` where Sentry's platforms have another word for it."""

_ENVIRONMENT = ("sentry.environment", "deployment.environment.name", "deployment.environment")
_HOST = ("sentry.server_name", "host.name", "service.instance.id")
_USER_ID = ("user.id", "enduser.id")
_USER_NAME = ("user.name", "user.username", "enduser.pseudo.id")
_USER_IP = ("user.ip_address", "client.address")
_REPLAY = ("sentry.replay_id", "replay_id")
_PROFILE = ("sentry.profile_id", "sentry.profiler_id", "profile_id")

_COLUMNS = frozenset(
    {
        *_ENVIRONMENT,
        *_USER_ID,
        *_USER_NAME,
        *_REPLAY,
        *_PROFILE,
        "user.email",
        "sentry.release",
        "sentry.dist",
        "sentry.platform",
        "sentry.sdk.name",
        "sentry.sdk.version",
        "sentry.server_name",
        "service.name",
        "service.version",
        "host.name",
        "telemetry.sdk.language",
        "telemetry.sdk.name",
        "telemetry.sdk.version",
    }
)
"""Attributes that are columns of their own."""

_PLACES = ("k8s.", "cloud.", "container.", "faas.", "host.", "aws.", "gcp.", "azure.")
"""Where a program runs: contexts, and tags too, because people search for pods and regions."""

_MACHINES = ("process.", "telemetry.")
"""Contexts; what else tells of machine and runtime `split_contexts` knows."""

_OWN = frozenset({"sentry.environment", "sentry.release", "sentry.dist", *_ENVIRONMENT, "service.version"})
"""Attributes of an item that change what its resource says of it."""

_EXACT_TOP = 2**53
"""Whole numbers above it are ids, and a double would not keep their digits."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a resource and a scope say of all their items.

    Attributes:
        columns: service, platform, environment, release, server_name, sdk_name, sdk_version.
        attributes: of the resource.
        tags: of resource and scope.
        contexts: of the resource.
        scope: name of the scope, empty when it has none.
        language: `telemetry.sdk.language`.
        remarks: what had to be changed.
    """

    columns: Row
    attributes: Mapping[str, Any]
    tags: Mapping[str, str]
    contexts: Mapping[str, str]
    scope: str
    scope_version: str
    language: str
    remarks: tuple[str, ...]


def origin_of(resource: dict[str, Any], scope: dict[str, Any], arrival: Arrival) -> Origin:
    """Return what a resource and a scope say."""
    attributes = plain(attributes_of(resource))
    remarks = Remarks()
    contexts: dict[str, str] = {}
    tags: dict[str, str] = {}
    rest, known = split_contexts(
        {k: str(v) if isinstance(v, int | float) and not isinstance(v, bool) else v for k, v in attributes.items()},
        remarks,
    )
    for key, value in rest.items():
        if key in _COLUMNS or value is None:
            continue
        place = key.startswith(_PLACES)
        if (place or key.startswith(_MACHINES)) and (scalar(value) or isinstance(value, list)):
            put_context(contexts, key, value, remarks)
        if place or not key.startswith(_MACHINES):
            put_tag(tags, key, value, remarks)
    name = short(scope.get("name"), 200)
    _add_scope(scope, tags, remarks)
    return Origin(
        _columns(attributes, arrival, remarks),
        attributes,
        tags,
        contexts | known,
        name,
        short(scope.get("version"), 200),
        short(attributes.get("telemetry.sdk.language"), 64),
        tuple(remarks.values()),
    )


def _add_scope(scope: dict[str, Any], tags: dict[str, str], remarks: Remarks) -> None:
    """Add the scope under the names OpenTelemetry gives it where there is no field for it (otel.scope.*)."""
    for name in ("name", "version"):
        if scope.get(name):
            put_tag(tags, f"otel.scope.{name}", scope[name], remarks)
    for key, value in plain(attributes_of(scope)).items():
        put_tag(tags, key, value, remarks)


def _columns(attributes: Mapping[str, Any], arrival: Arrival, remarks: Remarks) -> Row:
    language = short(attributes.get("telemetry.sdk.language"), 64)
    sdk_name = short(first_of(attributes, ("sentry.sdk.name", "telemetry.sdk.name")), 200)
    sdk_version = short(first_of(attributes, ("sentry.sdk.version", "telemetry.sdk.version")), 200)
    if not sdk_name:
        sdk_name, _, sdk_version = (arrival.client or arrival.user_agent.partition(" ")[0])[:200].partition("/")
    return {
        "service": short(attributes.get("service.name"), 200),
        "platform": short(attributes.get("sentry.platform"), 64) or _PLATFORMS.get(language, language) or "other",
        "environment": environment_of(first_of(attributes, _ENVIRONMENT), remarks),
        "release": release_of(_release(attributes), remarks),
        "server_name": short(first_of(attributes, _HOST), 200),
        "sdk_name": sdk_name,
        "sdk_version": sdk_version,
    }


def _release(attributes: Mapping[str, Any]) -> object:
    """Return `service@version`, the form Sentry's releases have, so that versions of two services stay apart."""
    sent = attributes.get("sentry.release")
    version = short(attributes.get("service.version"), 200)
    if sent or not version:
        return sent
    service = short(attributes.get("service.name"), 200)
    return f"{service}@{version}" if service and "@" not in version else version


def item_columns(
    attributes: Mapping[str, Any], origin: Origin, arrival: Arrival, retention_days: int, remarks: Remarks
) -> Row:
    """Return the columns that every dataset has, users among them, of an item with such attributes."""
    columns = {**arrival_columns(arrival, retention_days), **origin.columns}
    for remark in origin.remarks:
        remarks.add(remark)
    if not _OWN.isdisjoint(attributes):
        environment = first_of(attributes, _ENVIRONMENT)
        if environment is not None:
            columns["environment"] = environment_of(environment, remarks)
        release = _release({**origin.attributes, **attributes})
        columns["release"] = release_of(release, remarks)
    return columns


def user_columns(attributes: Mapping[str, Any], origin: Origin) -> Row:
    """Return the user columns: of the item, else of the resource."""

    def found(names: tuple[str, ...]) -> str:
        return short(first_of(attributes, names) or first_of(origin.attributes, names), 200)

    return user_row(found(_USER_ID), found(_USER_NAME), found(("user.email",)), ip_address(found(_USER_IP)))


def replay_of(attributes: Mapping[str, Any]) -> str:
    """Return the replay an item names, or an empty string."""
    return event_id_of(first_of(attributes, _REPLAY))


def profile_of(attributes: Mapping[str, Any]) -> str:
    """Return the profile an item names, or an empty string."""
    return event_id_of(first_of(attributes, _PROFILE))


def dist_column(attributes: Mapping[str, Any], origin: Origin, remarks: Remarks) -> str:
    """Return the dist an item or its resource names, or an empty string."""
    return dist_of(first_of(attributes, ("sentry.dist",)) or origin.attributes.get("sentry.dist"), remarks)


def maps_of(
    attributes: Mapping[str, Any], origin: Origin, dropped: frozenset[str], remarks: Remarks
) -> tuple[dict[str, str], dict[str, float], dict[str, str]]:
    """Return tags, measurements and contexts of an item; its own attributes come before those of its resource."""
    sorted_out = {key: str(value) if _is_long(value) else value for key, value in attributes.items()}
    rest, contexts = split_contexts(sorted_out, remarks)
    tags, measurements = tags_and_measurements(rest, dropped | _COLUMNS, remarks)
    for key, value in origin.tags.items():
        put_tag(tags, key, value, remarks)
    return tags, measurements, {**origin.contexts, **contexts}


def _is_long(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) > _EXACT_TOP


def plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return attributes with bytes as base64, and lists and objects as JSON text, which is how they are searched."""
    return {key: _plain(value) for key, value in attributes.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return encode_json(value).decode() if isinstance(value, list | dict) else value


def body_text(value: Any) -> str:
    """Return a log record's body as text: strings as they are, everything else as JSON."""
    return text(_plain(value))
