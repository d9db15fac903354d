"""The limits of ingest, declared once. Bytes unless the name says otherwise."""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class IngestLimits:
    """What a request may cost.

    Attributes:
        max_body_bytes: request body as sent, before decompression.
        max_envelope_bytes: body after decompression.
        max_event_bytes: one event, transaction or feedback item (Relay: 1 MiB).
        max_container_bytes: one container item such as spans v2 (Relay: 12 MiB).
        max_items: items of one envelope.
        retry_after_s: `Retry-After` when the spool is full or the configuration is missing.
        max_pending_refusals: distinct refusal counters held between two flushes; further kinds are counted as `other`.
    """

    max_body_bytes: int = 200 * MIB
    max_envelope_bytes: int = 200 * MIB
    max_event_bytes: int = 1 * MIB
    max_container_bytes: int = 12 * MIB
    max_items: int = 1000
    retry_after_s: int = 60
    max_pending_refusals: int = 10_000
