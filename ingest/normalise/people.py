"""Who was affected: the user's columns."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import Any

from ingest.normalise.model import Arrival, Row
from ingest.normalise.remarks import Remarks
from ingest.normalise.values import fitted, mapping, short
from ingest.scrub import FILTERED

_AUTO = "{{auto}}"
_INFERS_ADDRESS = frozenset({"javascript", "cocoa", "objc"})
"""Platforms whose address Relay fills in unasked, unless `sdk.settings.infer_ip` says otherwise."""

_MAX_CHARS = 200


@lru_cache(maxsize=10_000)
def ip_address(value: str) -> str:
    """Return an IP address in its normal form, or an empty string when it is none."""
    try:
        return str(ipaddress.ip_address(value.strip()))
    except ValueError:
        return ""


def user_columns(data: dict[str, Any], arrival: Arrival, remarks: Remarks) -> Row:
    """Return the user columns of an event or transaction."""
    user = data.get("user")
    fields = user if isinstance(user, dict) else {"id": user}
    sent_ip = short(fields.get("ip_address"), _MAX_CHARS)
    address = _address(sent_ip, data, arrival)
    if sent_ip and sent_ip not in {_AUTO, FILTERED} and not address:
        remarks.add("user.ip:invalid")
    return user_row(
        fitted(fields.get("id"), _MAX_CHARS, remarks),
        fitted(fields.get("username"), _MAX_CHARS, remarks),
        fitted(fields.get("email"), _MAX_CHARS, remarks),
        address,
    )


def user_row(user_id: str, username: str, email: str, address: str) -> Row:
    """Return the user columns; `user` is the first of id, username, email, address that is known (Sentry's order)."""
    word = ""
    for name, value in (("id", user_id), ("username", username), ("email", email), ("ip", address)):
        if value:
            word = f"{name}:{value}"
            break
    return {
        "user": word,
        "user_id": user_id,
        "user_email": email,
        "user_username": username,
        "user_ip": address,
    }


def _address(sent: str, data: dict[str, Any], arrival: Arrival) -> str:
    """Return the user's address: as sent, the peer's for `{{auto}}`, the web server's `REMOTE_ADDR`, or inferred."""
    if sent:
        return ip_address(arrival.remote_addr if sent == _AUTO else sent)
    remote = short(mapping(mapping(data.get("request")).get("env")).get("REMOTE_ADDR"), _MAX_CHARS)
    if remote:
        return ip_address(arrival.remote_addr if remote == _AUTO else remote)
    infer = short(mapping(mapping(data.get("sdk")).get("settings")).get("infer_ip"), 16)
    by_platform = infer in {"", "legacy"} and short(data.get("platform"), 64) in _INFERS_ADDRESS
    return ip_address(arrival.remote_addr) if by_platform or infer == "auto" else ""
