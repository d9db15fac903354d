"""Identifiers: issue ids computed from fingerprints, and random ids, keys and tokens."""

from __future__ import annotations

import hashlib
import secrets

_MASK = (1 << 64) - 1
TOKEN_PREFIX = "amb_"  # noqa: S105 - the visible prefix of every token, not a token
_TYPEABLE = "abcdefghijkmnpqrstuvwxyz23456789"  # 32 letters without l, o, 0 and 1, which are mistaken for each other


def int_hash_64(value: int) -> int:
    """Return ClickHouse's `intHash64(value)` for an unsigned 64-bit `value`.

    The function is MurmurHash3's 64-bit finaliser over the value XORed with a constant of ClickHouse's own
    (`IntHash64Impl` in ClickHouse's `FunctionsHashing.h`).
    """
    x = (value ^ 0x4CF2D2BAAE6DA887) & _MASK
    x ^= x >> 33
    x = (x * 0xFF51AFD7ED558CCD) & _MASK
    x ^= x >> 33
    x = (x * 0xC4CEB9FE1A85EC53) & _MASK
    return x ^ (x >> 33)


def default_issue_id(project_id: int, fingerprint: int) -> int:
    """Return the issue a fingerprint belongs to unless the mapping says otherwise.

    Both are unsigned 64-bit. The same value as `engine.schema.DEFAULT_ISSUE_ID` computes in SQL.
    """
    return int_hash_64((fingerprint ^ int_hash_64(project_id)) & _MASK)


def new_event_id() -> str:
    """Return a new random event id: 32 lower-case hex digits."""
    return secrets.token_hex(16)


def new_public_key() -> str:
    """Return a new public key of a DSN: 32 lower-case hex digits."""
    return secrets.token_hex(16)


def new_token() -> str:
    """Return a new API token, shown once; only its hash is stored."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """Return what is stored of a token: SHA-256 in hex.

    A fast hash is enough, because tokens have 256 random bits and cannot be guessed from a dictionary.
    """
    return hashlib.sha256(token.encode()).hexdigest()


def new_secret() -> str:
    """Return a new random secret of 256 bits, for sessions, one-time links and their like; only its hash is stored."""
    return secrets.token_urlsafe(32)


def new_password() -> str:
    """Return a new password that can be read aloud and typed: six groups of four, 120 bits."""
    return "-".join("".join(secrets.choice(_TYPEABLE) for _ in range(4)) for _ in range(6))
