"""HTML by elements: text is escaped, only what was made here is not. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

_VOID: Final = frozenset({"br", "hr", "img", "meta"})
_WEB: Final = ("https://", "http://", "/", "#", "mailto:", "cid:", "data:image/")


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Child = str | None | Iterable["Child"]


def tag(element: str, /, *children: Child, **attributes: str) -> Markup:
    """Return an element.

    Args:
        element: its name.
        children: texts, which are escaped, or elements; None is left out.
        attributes: by name; `class_` and `for_` lose their underscore. Empty ones are left out. A link to anything
            but the web, a place of the same site or mail becomes none.
    """
    shown = []
    for key, value in attributes.items():
        attribute = key.rstrip("_").replace("_", "-")
        if attribute in {"href", "src"} and not value.startswith(_WEB):
            continue
        if value:
            shown.append(f' {attribute}="{escape(value, quote=True)}"')
    begin = f"<{element}{''.join(shown)}>"
    return Markup(begin if element in _VOID else f"{begin}{joined(*children)}</{element}>")


def joined(*children: Child) -> Markup:
    """Return children behind each other."""
    parts = []
    for child in children:
        if child is None:
            continue
        if isinstance(child, Markup):
            parts.append(str(child))
        elif isinstance(child, str):
            parts.append(escape(_printable(child), quote=False))
        else:
            parts.append(str(joined(*child)))
    return Markup("".join(parts))


def table(head: Iterable[Child], rows: Iterable[Iterable[Child]], **attributes: str) -> Markup:
    """Return a table with a line of headings."""
    heading = tag("tr", [tag("th", one) for one in head])
    body = [tag("tr", [tag("td", cell) for cell in row]) for row in rows]
    return tag("table", tag("thead", heading), tag("tbody", body), **attributes)


def whole_page(title: str, body: Child, style: str) -> str:
    """Return a page that needs nothing else: no scripts, its style within, fit to be printed."""
    head = joined(
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        tag("style", Markup(style)),
    )
    return "<!DOCTYPE html>\n" + tag("html", tag("head", head), tag("body", body), lang="en")


def _printable(text: str) -> str:
    """Return a text without control characters and marks that turn its direction: these could hide what is said."""
    return "".join(one for one in text if one in "\n\t" or not (ord(one) < 32 or one in _TURNING))


_TURNING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\x7f")

STYLE: Final = """
:root{color-scheme:light}
body{font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;color:#1c1f26;background:#fff;max-width:880px;
margin:24px auto;padding:0 20px}
h1{font-size:24px;line-height:1.25;margin:0 0 4px}h2{font-size:18px;margin:28px 0 8px}
h3{font-size:15px;margin:18px 0 4px}
p{margin:6px 0}.quiet{color:#596072}
.verdict{border-left:4px solid #b4530a;background:#fdf4e9;padding:10px 14px;margin:14px 0}
.verdict.nothing{border-color:#1f7a4d;background:#edf7f1}
.verdict.not-enough-data{border-color:#596072;background:#f2f3f6}
table{border-collapse:collapse;width:100%;margin:8px 0;font-size:14px}th,td{text-align:left;padding:5px 10px 5px 0;
border-bottom:1px solid #e3e6ec;vertical-align:top;overflow-wrap:anywhere}th{color:#596072;font-weight:600}
code{font:13px/1.4 ui-monospace,SFMono-Regular,Menlo,monospace;background:#f2f3f6;padding:1px 4px;border-radius:3px;
overflow-wrap:anywhere}ol.chain{padding-left:20px}ol.chain li{margin:4px 0}a{color:#1f4fbf}
figure{margin:12px 0}figure svg,figure img{max-width:100%;height:auto}figcaption{font-size:13px;color:#596072}
.bar{display:inline-block;height:9px;background:#b4530a;border-radius:2px;margin-right:6px}
@media print{body{margin:0;max-width:none;font-size:12px}h2,h3{break-after:avoid}figure,tr,.verdict{break-inside:avoid}
a{color:inherit;text-decoration:none}}
""".strip()
"""Light only: what is printed or mailed is read on white."""
