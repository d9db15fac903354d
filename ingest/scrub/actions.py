"""What becomes of something that has to go: mask, hash, remove, replace. Each is stable: the same gives the same."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from enum import StrEnum

from ingest.scrub.model import FILTERED

_HASH_CHARS = 16
_MAX_MASK_CHARS = 64


class Verb(StrEnum):
    """The actions of rules."""

    MASK = "mask"
    HASH = "hash"
    REMOVE = "remove"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class Action:
    """One action.

    Attributes:
        verb: what is done.
        by: the text of `replace`.
        key: secret of the hashes, the project's own.
    """

    verb: Verb
    by: str = ""
    key: str = ""

    def on(self, value: str, kind: str = "") -> str:
        """Return what stands for a text.

        Args:
            value: the text, or the part of one that a pattern found.
            kind: name of the pattern; cards, addresses and e-mail addresses keep their form.
        """
        match self.verb:
            case Verb.MASK:
                return masked(value, kind)
            case Verb.HASH:
                return hashed(value, self.key, kind)
            case Verb.REMOVE:
                return FILTERED
            case Verb.REPLACE:
                return self.by


def masked(value: str, kind: str = "") -> str:
    """Return a text with `*` for letters and digits.

    The network of an address, the domain of a mail address and the last four digits of a card stay.
    """
    if kind == "ip":
        return _masked_ip(value)
    if kind == "email":
        return "***@" + value.rpartition("@")[2]
    kept = 4 if kind == "card" else 0
    head, tail = value[: len(value) - kept], value[len(value) - kept :]
    return "".join("*" if c.isalnum() else c for c in head[:_MAX_MASK_CHARS]) + tail


def hashed(value: str, key: str, kind: str = "") -> str:
    """Return a keyed hash (BLAKE2b): the same text is recognised again, and nobody without the key can guess it.

    A hashed IP address is one of the private range fd00::/8 (RFC 4193), a hashed mail address one under `.invalid`
    (RFC 2606), so that both stay what columns and checks expect.
    """
    digest = hashlib.blake2b(value.strip().lower().encode("utf-8", "replace"), digest_size=16, key=key.encode()[:64])
    if kind == "ip":
        return str(ipaddress.IPv6Address(b"\xfd" + digest.digest()[:15]))
    word = digest.hexdigest()[:_HASH_CHARS]
    return f"{word}@hash.invalid" if kind == "email" else f"hash:{word}"


def _masked_ip(value: str) -> str:
    try:
        address = ipaddress.ip_address(value.strip())
    except ValueError:
        return FILTERED
    prefix = 24 if address.version == 4 else 48
    return str(ipaddress.ip_network((address, prefix), strict=False).network_address)
