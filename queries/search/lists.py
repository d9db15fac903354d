"""Rules for `[a, "b c"]` and `[1, 2k]`.

A list whose end is missing is plain text, and the next word of that text may look like a list again. What was found
about an element's position is therefore kept: without that, `a:[x, a:[x, …` would take quadratic time.
"""

from __future__ import annotations

from queries.search.reader import Reader
from queries.search.tokens import ListItem, ListValue, NumberValue, TextValue
from queries.search.values import read_number, read_quoted


def read_list(reader: Reader, position: int, *, numeric: bool) -> ListValue | None:
    """Read a list of texts or numbers. Elements after the first may be empty, which is read but not valid."""
    if reader.at(position) != "[":
        return None
    first = _read_item(reader, position + 1, numeric=numeric)
    if first is None:
        return None
    items = [ListItem("", first)]
    at = first.end
    visited: list[tuple[int, bool]] = []
    while (at, numeric) not in reader.hopeless_lists:
        visited.append((at, numeric))
        comma = reader.after_blanks(at)
        if reader.at(comma) != ",":
            break
        start = reader.after_blanks(comma + 1)
        if reader.at(start) == ",":
            break
        item = _read_item(reader, start, numeric=numeric)
        items.append(ListItem(reader.text[at:start], item))
        at = start if item is None else item.end
    if reader.at(at) == "]" and reader.ends_value(at + 1):
        return ListValue(tuple(items), numeric, position, at + 1)
    reader.hopeless_lists.update(visited)
    return None


def _read_item(reader: Reader, position: int, *, numeric: bool) -> TextValue | NumberValue | None:
    if numeric:
        return read_number(reader, position)
    return read_quoted(reader, position) or _read_bare_item(reader, position)


def _read_bare_item(reader: Reader, position: int) -> TextValue | None:
    """Read an unquoted element: as far as a `]` or a comma can still follow, so that `[[a]]` holds `[a]`."""
    match = reader.match(reader.classes.list_value, position)
    if match is None:
        return None
    end = match.end()
    if reader.at(reader.after_blanks(end)) != ",":
        end = reader.text.rfind("]", position + 1, end)
    return TextValue(reader.text[position:end], False, position, end) if end > position else None
