"""Addresses of ClickHouse servers."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from engine.errors import StateError

_TRUE = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
_OPTIONS = ("secure", "verify")


@dataclass(frozen=True, slots=True)
class Address:
    """A ClickHouse server and database, and who we are there.

    Attributes:
        secure: TLS.
        verify: whether the server's certificate is checked.
    """

    host: str
    port: int
    database: str
    user: str
    password: str
    secure: bool
    verify: bool

    @property
    def shown(self) -> str:
        """The address as a URL, without the password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        secure = "?secure=true" if self.secure else ""
        return f"clickhouse://{self.user}@{host}:{self.port}/{self.database}{secure}"


def parse_address(url: str) -> Address:
    """Return the address in `clickhouse://user:password@host:port/database?secure=true&verify=false`.

    Raises:
        StateError: it is none, or has an option Amber does not know.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _bad(url, str(error)) from error
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = sorted(options.keys() - set(_OPTIONS))
    if unknown:
        raise _bad(url, f"unknown options {', '.join(unknown)}")
    flags = {}
    for name, value in options.items():
        if value.lower() not in _TRUE:
            raise _bad(url, f"{name} is true or false")
        flags[name] = _TRUE[value.lower()]
    if not parts.hostname:
        raise _bad(url, "the host is missing")
    secure = flags.get("secure", port == 8443)
    return Address(
        host=parts.hostname,
        port=port or (8443 if secure else 8123),
        database=unquote(parts.path.strip("/")) or "amber",
        user=unquote(parts.username or "default"),
        password=unquote(parts.password or ""),
        secure=secure,
        verify=flags.get("verify", True),
    )


def _bad(url: str, reason: str) -> StateError:
    shown = url.rpartition("@")[2]
    return StateError(
        f"{shown!r} is no address of an event store: {reason}.",
        code="store-url",
        hint="Use chdb:///absolute/directory or clickhouse://user:password@host:port/database?secure=true.",
    )
