"""Containers: items that hold many records of one kind, `{"version": 2, "items": […]}` (Sentry's developer
documentation, "Item containers"). The item header repeats their number as `item_count`.
"""  # noqa: D205 - the form does not fit on the first line

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ingest.errors import InvalidItem
from ingest.jsontext import Document, elements, members
from ingest.normalise.model import Arrival, Row
from ingest.normalise.values import mapping, text

MAX_ITEMS = 1000


@dataclass(frozen=True, slots=True)
class InvalidPart:
    """One record of a container that cannot become a row; its neighbours can.

    Attributes:
        number: which record, from 0.
        text: its JSON.
    """

    number: int
    reason: str
    detail: str
    text: bytes


@dataclass(frozen=True, slots=True)
class Rows:
    """What a container became: rows in the order sent, and the records that cannot be rows."""

    rows: list[Row]
    invalid: list[InvalidPart]


@dataclass(frozen=True, slots=True)
class Container:
    """The records of a container.

    Attributes:
        records: each decoded, with its own text; what had to be changed in the container is remarked on each.
        infer_address: the sender's address may stand for the user's.
        infer_agent: the sender's User-Agent header may stand for the user's.
    """

    records: list[Document]
    infer_address: bool = False
    infer_agent: bool = False


def read_container(document: Document, arrival: Arrival) -> Container:
    """Return the records of a container.

    Raises:
        InvalidItem: the container itself is wrong (no `items`, wrong `item_count`, too many records).
    """
    container = mapping(document.value)
    values = container.get("items")
    if not isinstance(values, list):
        raise InvalidItem("container", "no list of items")
    count = arrival.item_header.get("item_count")
    if count is not None and count != len(values):
        raise InvalidItem("item_count", f"item_count is {text(count)}, but there are {len(values)} items")
    if len(values) > MAX_ITEMS:
        raise InvalidItem("item_count", f"more than {MAX_ITEMS} items in one container")
    texts = elements(members(document.text)["items"])
    records = [Document(value, part, document.remarks) for value, part in zip(values, texts, strict=True)]
    infer: dict[str, Any] = mapping(container.get("ingest_settings"))
    return Container(records, infer.get("infer_ip") == "auto", infer.get("infer_user_agent") == "auto")
