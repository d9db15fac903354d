"""Who sends: the ways a client may name its key, in any order and any of them (Relay's `RequestMeta`).

`X-Sentry-Auth: Sentry k=v, …`, `Authorization: Sentry k=v, …`, `Authorization: Basic base64(key:)`, `Authorization:
Bearer key` (exporters of OpenTelemetry, curl), the query, a part of the path, and the `dsn` of an envelope header. The
secret is accepted and ignored. When several are present the first that names a key counts, in the order path, query,
X-Sentry-Auth, Authorization; a `dsn` beside them must agree.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qs, urlsplit

from engine.snapshot import ConfigSnapshot, KeyConfig
from ingest.errors import Malformed, Refused

MAX_PROTOCOL_VERSION = 8
_KEY = re.compile(r"[0-9a-fA-F]{32}")
_PAIR = re.compile(r"(sentry_\w+)\s*=\s*\"?([^,\s\"]*)\"?")
_DSN_PROJECT = re.compile(r"/(\d+)/?$")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client said about itself: `public_key` is 32 lower-case hex digits, `client` its name and version."""

    public_key: str
    client: str = ""
    project_id: int | None = None


@lru_cache(maxsize=256)
def from_request(query: str, sentry_auth: str, authorization: str) -> Credentials | None:
    """Return the credentials of the query string and the two headers, or None when they name none.

    A client says the same with each of its requests, so what was said lately is remembered.

    Raises:
        Malformed: the key is not 32 hex digits, or the protocol version is above 8.
    """
    if "sentry_key" in query:
        values = {name: found[0] for name, found in _parameters(query).items()}
        if values.get("sentry_key"):
            return _from_values(values)
    for header in (sentry_auth, authorization):
        values = _header_values(header)
        if values.get("sentry_key"):
            return _from_values(values)
    return None


def from_path(key: str) -> Credentials | None:
    """Return the credentials of a key in the path, None when there is none; Malformed when it is no key."""
    return _from_values({"sentry_key": key}) if key else None


def bearer_token(authorization: str) -> str:
    """Return the token of an `Authorization: Bearer` header, empty when it has none."""
    scheme, _, rest = authorization.strip().partition(" ")
    return rest.strip() if scheme.lower() == "bearer" else ""


def from_dsn(dsn: object) -> Credentials | None:
    """Return the credentials of an envelope header's `dsn`, or None when it is not a DSN with key and project."""
    if not isinstance(dsn, str):
        return None
    try:
        parts = urlsplit(dsn)
        key = parts.username or ""
    except ValueError:
        return None
    project = _DSN_PROJECT.search(parts.path)
    if not _KEY.fullmatch(key) or project is None or len(project.group(1)) > 19:
        return None
    return Credentials(key.lower(), project_id=int(project.group(1)))


def project_from_path(part: str) -> int:
    """Return the project id of the URL; Malformed when it is not a number."""
    if not part.isascii() or not part.isdigit() or len(part) > 19:
        raise Malformed("bad project id", f"{part[:40]!r} is not a number", reason="bad_project")
    return int(part)


def authorise(snapshot: ConfigSnapshot, credentials: Credentials, project_id: int | None) -> KeyConfig:
    """Return the active key, which must belong to `project_id` (None: any, the key decides).

    Raises:
        Refused: 403, unknown or revoked key, unknown project, or the key of another project.
    """
    key = snapshot.keys.get(credentials.public_key)
    if key is None or not key.active:
        reason = "unknown_key" if key is None else "revoked_key"
        raise Refused("not authorised", status=403, reason=reason, causes=("the key is unknown or was revoked",))
    if project_id is not None and key.project_id != project_id:
        raise Refused("not authorised", status=403, reason="wrong_project", causes=("the key is not of this project",))
    if key.project_id not in snapshot.projects:
        raise Refused("not authorised", status=403, reason="unknown_project", causes=("no such project",))
    return key


def _parameters(query: str) -> dict[str, list[str]]:
    try:
        return parse_qs(query, max_num_fields=200)
    except ValueError as error:
        raise Malformed("bad authentication", f"the query string: {error}", reason="bad_query") from error


def _header_values(header: str) -> dict[str, str]:
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() == "sentry":
        return dict(_PAIR.findall(rest))
    if scheme.lower() == "basic":
        try:
            user, _, _ = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return {}
        return {"sentry_key": user}
    if scheme.lower() == "bearer" and _KEY.fullmatch(rest.strip()):
        return {"sentry_key": rest.strip()}
    return {}


def _from_values(values: Mapping[str, str]) -> Credentials:
    key = values["sentry_key"]
    if not _KEY.fullmatch(key):
        raise Malformed("bad authentication", "sentry_key is not 32 hex digits", reason="bad_key")
    version = values.get("sentry_version", "7").partition(".")[0]
    if not version.isdigit() or int(version[:9]) > MAX_PROTOCOL_VERSION:
        raise Malformed(
            "bad authentication", f"sentry_version {version[:9]!r} is not supported", reason="bad_protocol_version"
        )
    return Credentials(key.lower(), values.get("sentry_client", "")[:100])
