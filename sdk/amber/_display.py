"""Results as text and as HTML. Everything shown is escaped; colours are the page's own, so dark themes work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape
from typing import Any, Protocol
from unicodedata import east_asian_width

_TEXT_CELL = 48
_HTML_CELL = 300

# `currentColor` mixed into transparency keeps borders and stripes readable on any background.
_STYLE = (
    "<style scoped>"
    ".amber-result{font-variant-numeric:tabular-nums}"
    ".amber-result table{border-collapse:collapse;color:inherit;background:transparent}"
    ".amber-result th,.amber-result td{padding:.2em .7em;text-align:left;vertical-align:top;"
    "border-bottom:1px solid color-mix(in srgb,currentColor 18%,transparent);white-space:pre-wrap}"
    ".amber-result .amber-number{text-align:right}"
    ".amber-result small{opacity:.65;font-weight:normal}"
    ".amber-result .amber-null{opacity:.5}"
    "</style>"
)


class ColumnLike(Protocol):
    """What a table's head needs to know of a column."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def type(self) -> str:
        """Its type's name."""
        ...

    @property
    def unit(self) -> str | None:
        """Its unit, if any."""
        ...


def text_table(columns: Sequence[ColumnLike], rows: Sequence[Sequence[Any]], notes: Sequence[str]) -> str:
    """A table for terminals and logs: names, types, rows, notes."""
    heads = [column.name for column in columns]
    types = [_type(column) for column in columns]
    cells = [[_cut(_one_line(cell_text(value)), _TEXT_CELL) for value in row] for row in rows]
    widths = [max(map(_width, texts)) for texts in zip(heads, types, *cells, strict=True)]
    numeric = [_is_numeric(index, rows) for index in range(len(columns))]
    lines = [_line(heads, widths, numeric), _line(types, widths, numeric)]
    lines.append("  ".join("-" * width for width in widths))
    lines += [_line(row, widths, numeric) for row in cells]
    return "\n".join([*lines, *notes])


def html_table(columns: Sequence[ColumnLike], rows: Sequence[Sequence[Any]], notes: Sequence[str]) -> str:
    """A table for Jupyter: names with types and units, rows, notes."""
    numeric = [_is_numeric(index, rows) for index in range(len(columns))]
    head = "".join(
        f"<th{_css(number)}>{escape(column.name)}<br><small>{escape(_type(column))}</small></th>"
        for column, number in zip(columns, numeric, strict=True)
    )
    body = "".join(
        "<tr>" + "".join(_html_cell(value, number) for value, number in zip(row, numeric, strict=True)) + "</tr>"
        for row in rows
    )
    foot = "<br>".join(escape(note) for note in notes)
    return (
        f'<div class="amber-result">{_STYLE}<table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table><small>{foot}</small></div>"
    )


def cell_text(value: Any) -> str:
    """A value as people read it: nothing for null, ISO times, plain lists."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.0f}" if 1e6 <= abs(value) < 1e15 else f"{value:.6g}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ").replace("+00:00", "Z")
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | tuple):
        return ", ".join(cell_text(entry) for entry in value)
    return str(value)


def _html_cell(value: Any, number: bool) -> str:
    if value is None:
        return '<td class="amber-null">null</td>'
    text = cell_text(value)
    title = f' title="{escape(text[:2000])}"' if len(text) > _HTML_CELL else ""
    return f"<td{_css(number)}{title}>{escape(_cut(text, _HTML_CELL))}</td>"


def _css(number: bool) -> str:
    return ' class="amber-number"' if number else ""


def _type(column: ColumnLike) -> str:
    return f"{column.type} ({column.unit})" if column.unit else column.type


def _is_numeric(index: int, rows: Sequence[Sequence[Any]]) -> bool:
    values = [row[index] for row in rows if row[index] is not None]
    return bool(values) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _one_line(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}\N{HORIZONTAL ELLIPSIS}"


def _width(text: str) -> int:
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def _line(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    padded = []
    for cell, width, number in zip(cells, widths, numeric, strict=True):
        pad = " " * (width - _width(cell))
        padded.append(pad + cell if number else cell + pad)
    return "  ".join(padded).rstrip()
