"""Records encrypted at rest: AES-256-GCM, a key of its own per writer and segment run, the key's number in each record.

    sealed record:  u8 version | 4 bytes key id | 16 bytes salt | u64 counter (big endian) | ciphertext and tag

Each writer draws a random salt and makes a key of it and the secret, so that a counter can be the nonce: it never
repeats under one key, however many records there are (NIST SP 800-38D allows random nonces for 2^32 records only).
"""

from __future__ import annotations

import hashlib
import os
import struct
from dataclasses import dataclass
from functools import lru_cache
from itertools import count

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.errors import StateError

MIN_SECRET_CHARS = 32
_VERSION = 1
_HEAD = struct.Struct(">B4s16sQ")
_TAG_BYTES = 16


class Tampered(Exception):
    """A record that its own key does not open: it was changed on the disk."""


@dataclass(frozen=True, slots=True)
class SpoolKeys:
    """The secrets spools are encrypted with. Without any, records are written as they are.

    Attributes:
        secrets: the first one encrypts; all of them can read.
    """

    secrets: tuple[bytes, ...] = ()

    @classmethod
    def from_text(cls, text: str) -> SpoolKeys:
        """Return the keys of a setting: secrets with commas between them, the newest first.

        Raises:
            ValueError: one of them is too short to be a secret.
        """
        words = [word.strip() for word in text.split(",") if word.strip()]
        if any(len(word) < MIN_SECRET_CHARS for word in words):
            raise ValueError(
                f"expected {MIN_SECRET_CHARS} characters or more of each key, such as `openssl rand -hex 32` gives"
            )
        return cls(
            tuple(hashlib.blake2b(word.encode(), digest_size=32, person=b"amber-spool").digest() for word in words)
        )

    def sealer(self) -> Sealer | None:
        """Return what encrypts the records of one writer, None when they are written as they are."""
        return Sealer(self.secrets[0]) if self.secrets else None

    def unsealed(self, sealed: bytes) -> bytes:
        """Return the payload of a sealed record.

        Raises:
            StateError: none of the keys is the one it was sealed with; it can be read when that is set again.
            Tampered: it is not what was written.
        """
        if len(sealed) < _HEAD.size + _TAG_BYTES:
            raise Tampered
        version, key_id, salt, number = _HEAD.unpack_from(sealed)
        if version != _VERSION:
            raise StateError(
                "A record of the spool was encrypted by a newer version of Amber.",
                code="spool-newer",
                hint="Start the version that wrote it.",
            )
        secret = next((secret for secret in self.secrets if _key_id(secret) == key_id), None)
        if secret is None:
            raise StateError(
                f"Records of the spool are encrypted with the key {key_id.hex()}, which is not set.",
                code="spool-key-unknown",
                hint="Add it to AMBER_SPOOL_KEY, behind a comma after the present one; nothing is lost until then.",
            )
        try:
            return _cipher(secret, salt).decrypt(_nonce(number), sealed[_HEAD.size :], sealed[: _HEAD.size])
        except InvalidTag as error:
            raise Tampered from error


class Sealer:
    """Encrypts the records of one writer."""

    def __init__(self, secret: bytes) -> None:
        self._key_id = _key_id(secret)
        self._salt = os.urandom(16)
        self._cipher = _cipher(secret, self._salt)
        self._numbers = count()  # its `next` is atomic: many threads append

    def sealed(self, payload: bytes) -> bytes:
        """Return a payload encrypted."""
        number = next(self._numbers)
        head = _HEAD.pack(_VERSION, self._key_id, self._salt, number)
        return head + self._cipher.encrypt(_nonce(number), payload, head)


def _key_id(secret: bytes) -> bytes:
    """Return the number of a key: enough to tell keys apart, too little to guess one."""
    return hashlib.blake2b(secret, digest_size=4, person=b"amber-keyid").digest()


@lru_cache(maxsize=256)
def _cipher(secret: bytes, salt: bytes) -> AESGCM:
    return AESGCM(hashlib.blake2b(salt, digest_size=32, key=secret, person=b"amber-record").digest())


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")
