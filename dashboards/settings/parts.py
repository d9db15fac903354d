"""Building blocks of the settings pages: sections, tables, badges, empty states."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from dash import html

Tree = Any
"""A component, a text, or a list of them: what Dash takes as children."""

NOTHING = "\N{EN DASH}"
"""What stands in a cell that has no value."""

THIN_SPACE = "\N{NARROW NO-BREAK SPACE}"


def aria(**attributes: str) -> dict[str, Any]:
    """Return ARIA attributes as Dash takes them: `aria(label="Keys")` is `{"aria-label": "Keys"}`."""
    return {f"aria-{name}": value for name, value in attributes.items()}


def inline(*parts: Tree) -> html.Span:
    """Return the parts that are there, on one line with spaces between."""
    there = [part for part in parts if part is not None and part != ""]
    return html.Span([piece for part in there for piece in (" ", part)][1:])


def section(title: str, *children: Tree, lead: Tree = None, aside: Tree = None, id: str = "") -> html.Section:  # noqa: A002 - Dash's name
    """Return a titled part of a page; `aside` stands at the right of the title, usually its main action."""
    head: list[Tree] = [html.H2(title)]
    if aside is not None:
        head.append(html.Div(aside, className="set-aside"))
    body: list[Tree] = [html.Div(head, className="set-head")]
    if lead is not None:
        body.append(html.P(lead, className="set-lead"))
    named: dict[str, Any] = {"id": id} if id else {}
    return html.Section([*body, *children], className="set-section", **named)


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[Tree]], *, numeric: Sequence[int] = ()) -> Tree:
    """Return a table with a caption for screen readers; an empty head is a column of actions."""
    return html.Div(
        html.Table(
            [
                html.Caption(caption, className="visually-hidden"),
                html.Thead(html.Tr([_head(title, index in numeric) for index, title in enumerate(heads)])),
                html.Tbody(
                    [html.Tr([_cell(cell, heads, i, i in numeric) for i, cell in enumerate(row)]) for row in rows]
                ),
            ],
            className="plain set-table",
        ),
        className="set-scroll",
        tabIndex=0,
        role="region",
        **aria(label=caption),
    )


def _head(title: str, numeric: bool) -> html.Th:
    if not title:
        return html.Th(html.Span("Actions", className="visually-hidden"), scope="col")
    return html.Th(title, scope="col", className="number" if numeric else "")


def _cell(cell: Tree, heads: Sequence[str], index: int, numeric: bool) -> html.Td:
    classes = "number" if numeric else "" if heads[index] else "set-actions"
    return html.Td(cell, className=classes)


def two_lines(first: Tree, second: Tree) -> html.Div:
    """Return a cell with a main line and a dim one below; without a second only the first."""
    lines = [html.Div(first)]
    # Not by truth: a component without children is false.
    if second is not None and second != "":
        lines.append(html.Div(second, className="set-dim"))
    return html.Div(lines)


def badge(text: str, tone: str = "plain") -> html.Span:
    """Return a small label; tones are plain, good, warn and error. The text says it, the colour only helps."""
    return html.Span(text, className=f"badge {tone}".removesuffix(" plain"))


def empty(title: str, text: Tree, action: Tree = None) -> html.Div:
    """Return what a list says while it has nothing: what it is for and how to begin."""
    body: list[Tree] = [html.H3(title), html.P(text)]
    if action is not None:
        body.append(action)
    return html.Div(body, className="set-empty")


def note(text: Tree, tone: str = "plain") -> html.P:
    """Return a remark beside the content."""
    return html.P(text, className=f"set-note set-note-{tone}")


def facts(pairs: Iterable[tuple[str, Tree]]) -> html.Dl:
    """Return labels with their values."""
    return html.Dl([part for label, value in pairs for part in (html.Dt(label), html.Dd(value))], className="set-facts")


def size(count: int) -> str:
    """Return bytes as people read them: 1.5 GiB."""
    value, unit = float(count), "B"
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if value < 1024 or unit == "TiB":
            break
        value /= 1024
    return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"


def number(count: int) -> str:
    """Return a whole number with its thousands apart."""
    return f"{count:,}".replace(",", THIN_SPACE)
