"""Lines of native ingest, and changes told by webhooks."""

from __future__ import annotations

from collections.abc import Callable

from ingest.envelope import Item
from ingest.errors import InvalidItem
from ingest.handlers.model import Batch, Place, Refused, Tools, count, json_object, natural_key
from ingest.hexids import row_id
from ingest.items import DATASET_CATEGORIES
from ingest.jsontext import decode_json
from ingest.native.checks import check_line
from ingest.native.lines import NATIVE_DATASETS, BadLine, read_line
from ingest.native.rows import native_row
from ingest.normalise.model import Row
from ingest.normalise.values import short, small_int

_OWN_KEYS = {"errors": (b"e", ("event_id",)), "spans": (b"s", ("trace_id", "span_id"))}
"""Datasets whose rows have ids of their own: the same as when an SDK sends them."""


def native(item: Item, place: Place, batch: Batch, tools: Tools) -> None:
    """Lines of one dataset; the item's header says which, and what the request was called."""
    dataset = short(item.header.get("dataset"), 32)
    if dataset not in NATIVE_DATASETS:
        raise InvalidItem("unknown_dataset", f"{dataset!r} takes no lines")
    rows: list[Row] = []
    refused: list[Refused] = []
    numbers = _numbers(item)
    token = short(item.header.get("token"), 64) or place.id
    for number, raw in enumerate(line for line in item.payload.split(b"\n") if line.strip()):
        try:
            document = tools.scrub(json_object(decode_json(raw)), place.arrival, dataset)
            line = read_line(dataset, document.value)
            check_line(dataset, line)
            rows.append(native_row(dataset, line, place.arrival, document, (token, numbers(number))))
        except (BadLine, InvalidItem) as error:
            header = {**item.header, "numbers": [numbers(number)], "item_count": 1}
            refused.append(Refused(number, Item(header, raw), "line", str(error)))
    _store(dataset, rows, place, batch, tools)
    tools.refuse(refused, place, batch, DATASET_CATEGORIES[dataset])


def _name_of(dataset: str, row: Row) -> str:
    """Return what a row is known by: its id; the check-ins of one run have one id, and each its own status."""
    return row_id(dataset, row["id"], row["status"]) if dataset == "check_ins" else row_id(dataset, row["id"])


def _numbers(item: Item) -> Callable[[int], str]:
    """Return what tells the number of a line in the request or file it was sent in, of several with one number too."""
    listed = item.header.get("numbers")
    first = small_int(item.header.get("first"), 10**12)
    if not isinstance(listed, list):
        return lambda index: str(first + index)
    places: dict[int, int] = {}
    names = []
    for number in listed:
        if isinstance(number, str):  # of a dead letter: as it was told then
            names.append(number[:40])
        elif isinstance(number, int):
            count = places[number] = places.get(number, -1) + 1
            names.append(f"{number}.{count}" if count else str(number))
    return lambda index: names[index] if index < len(names) else f"{first}+{index}"


def _store(dataset: str, rows: list[Row], place: Place, batch: Batch, tools: Tools) -> None:
    """Put rows that were not met before into the batch: by their own ids, or by the name of their request."""
    own = _OWN_KEYS.get(dataset)
    if own is not None:
        letter, names = own
        keys = [natural_key(letter, place.project_id, *(row[name] for name in names)) for row in rows]
    elif place.arrival.item_header.get("once") is True:
        keys = [natural_key(b"x", place.project_id, _name_of(dataset, row)) for row in rows]
    else:
        tools.accept(dataset, rows, place, batch)
        return
    fresh = tools.fresh(keys, batch)
    new = [row for row, is_new in zip(rows, fresh, strict=True) if is_new]
    tools.accept(dataset, new, place, batch)
    if len(new) < len(rows):
        size = sum(len(row["payload"]) for row, is_new in zip(rows, fresh, strict=True) if not is_new)
        count(place.record, batch, ("duplicate", DATASET_CATEGORIES[dataset], "resent"), len(rows) - len(new), size)
