"""What handlers of items with many records share."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from ingest.envelope import Item
from ingest.handlers.model import Batch, Place, Refused, Tools, count, natural_key
from ingest.items import DATASET_CATEGORIES
from ingest.normalise.containers import InvalidPart, Rows


def digest_of(item: Item) -> bytes:
    """Return a digest of an item's payload: 16 bytes."""
    return hashlib.blake2b(item.payload, digest_size=16).digest()


def accept_once(kind: bytes, dataset: str, item: Item, found: Rows, context: tuple[Place, Batch, Tools]) -> None:
    """Put the rows of a container into the batch, unless the same container was accepted before.

    Log records and metric points have no id. A client that sends a container again sends the same bytes, and two
    different containers differ in their times, so the digest of the container stands for its records.

    Args:
        kind: letter of the natural key.
        dataset: of the rows.
        item: the container.
        found: what it became.
        context: place of the item, the batch, and the tools.
    """
    place, batch, tools = context
    key = natural_key(kind, place.project_id, digest_of(item))
    if tools.fresh((key,), batch)[0]:
        tools.accept(dataset, found.rows, place, batch)
        refuse_parts(item, found.invalid, dataset, context)
        return
    resent = len(found.rows) + len(found.invalid)
    count(place.record, batch, ("duplicate", DATASET_CATEGORIES[dataset], "resent"), resent, len(item.payload))


def refuse_parts(
    item: Item, invalid: Sequence[InvalidPart], dataset: str, context: tuple[Place, Batch, Tools], *, bare: bool = False
) -> None:
    """Make a dead letter of each record that cannot become a row.

    Each is an item of its own, of the kind it came in, so that it can be sent again when it was mended.

    Args:
        item: the container.
        invalid: its records that are no rows.
        dataset: they were for.
        context: place of the item, the batch, and the tools.
        bare: the record alone is an item, without a container around it.
    """
    place, batch, tools = context
    kept = {name: value for name, value in item.header.items() if name not in {"length", "item_count"}}
    header = kept if bare else {**kept, "item_count": 1}
    refused = [
        Refused(
            part.number,
            Item(header, part.text if bare else b'{"version":2,"items":[' + part.text + b"]}"),
            part.reason,
            part.detail,
        )
        for part in invalid
    ]
    tools.refuse(refused, place, batch, DATASET_CATEGORIES[dataset])
