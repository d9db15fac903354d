"""The spool: append-only segments on disk. What is acknowledged is durable; what is torn is cut off."""

from __future__ import annotations

from engine.spool._checkpoint import read_checkpoint, write_checkpoint
from engine.spool._format import MAX_PAYLOAD_BYTES, Position, SpoolRecord
from engine.spool._reader import Damage, SpoolReader
from engine.spool._sealing import MIN_SECRET_CHARS, SpoolKeys, Tampered
from engine.spool._writer import SpoolWriter, used_bytes
from engine.spool.errors import SpoolFull

__all__ = [
    "MAX_PAYLOAD_BYTES",
    "MIN_SECRET_CHARS",
    "Damage",
    "Position",
    "SpoolFull",
    "SpoolKeys",
    "SpoolReader",
    "SpoolRecord",
    "SpoolWriter",
    "Tampered",
    "read_checkpoint",
    "used_bytes",
    "write_checkpoint",
]
