"""A report as Markdown, as a page, and as the HTML of a mail. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from server.rca import markdown as rca_markdown
from server.rca import page as rca_page
from server.rca import words
from server.rca.page import Picture
from server.render.charts import Chart
from server.render.html import STYLE, Child, Markup, joined, table, tag, whole_page
from server.render.markdown import plain
from server.render.markdown import table as md_table

KINDS: Final = {"escalating": "Escalating issues", "regressed": "Regressed issues", "new": "New issues"}
_SIGNALS: Final = {"latency": "slower", "errors": "fails more often"}
_NUMBERS: Final = ("", "this time", "the time before")
_ISSUES: Final = ("issue", "title", "events", "users")
_WORSE: Final = ("service", "transaction", "what", "before", "now")


def title_of(document: Mapping[str, Any]) -> str:
    """Return the title of a report, on one line: it is also the subject of its mail."""
    name = document["name"] or "Report"
    start, end = (words.moment(document["period"][one])[:16] for one in ("start", "end"))
    return " ".join(f"{name}: {document['project']}, {start} to {end} UTC".split())


def as_markdown(document: Mapping[str, Any]) -> str:
    """Return a report as Markdown."""
    parts = [f"# {plain(title_of(document))}", *(plain(one) for one in _said(document))]
    parts.append(md_table(_NUMBERS, [[plain(cell) for cell in row] for row in _numbers(document)]))
    for kind, heading in KINDS.items():
        if document["issues"][kind]:
            rows = [[plain(cell) for cell in _issue(one)] for one in document["issues"][kind]]
            parts += [f"## {heading}", md_table(_ISSUES, rows)]
    if document["regressions"]:
        rows = [[plain(cell) for cell in _worse(one)] for one in document["regressions"]]
        parts += ["## Transactions that became worse", md_table(_WORSE, rows)]
    if document["causes"]:
        parts += ["## Causes", *(rca_markdown.as_markdown(one, level=3).rstrip() for one in document["causes"])]
    if document["notes"]:
        parts += ["## Not looked at", "\n".join(f"* {plain(one)}" for one in document["notes"])]
    return "\n\n".join(parts) + "\n"


def as_html(document: Mapping[str, Any], base_url: str = "", picture: Picture = rca_page.as_svg) -> str:
    """Return a report as a page that needs nothing else: for a browser, a printer, or a mail.

    Args:
        document: of `server.reports.making`.
        base_url: what links to Amber's pages begin with; empty for the same site.
        picture: makes the picture of a chart: SVG within the page, or a link to a picture of the mail.
    """
    body = joined(
        tag("h1", title_of(document)),
        [tag("p", one, class_="quiet") for one in _said(document)],
        table(_NUMBERS, _numbers(document)),
        [tag("figure", picture(one)) for one in document["charts"]],
        [_issues(kind, document, base_url) for kind in KINDS],
        _regressions(document),
        [tag("h2", "Causes"), [rca_page.section(one, picture, base_url, "h2") for one in document["causes"]]]
        if document["causes"]
        else None,
        [tag("h2", "Not looked at"), tag("ul", [tag("li", one) for one in document["notes"]])]
        if document["notes"]
        else None,
    )
    return whole_page(title_of(document), body, STYLE)


def charts_of(document: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], Chart]]:
    """Return every chart of a report with what is to be drawn, in the order of the page."""
    every = [*document["charts"], *(chart for one in document["causes"] for chart in one["charts"])]
    return [(one, words.chart_of(one)) for one in every]


def _said(document: Mapping[str, Any]) -> list[str]:
    missed = document["missed"]
    if not missed:
        return []
    times = "report before it was" if missed == 1 else "reports before it were"
    return [f"{missed} {times} not made, because Amber was not running; this one is of the last period only."]


def _numbers(document: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (one["name"], _value(one["after"], one["unit"]), _value(one["before"], one["unit"]))
        for one in document["numbers"]
    ]


def _value(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    if unit == "share":
        return words.percent(value)
    return f"{value:,.3g} ms" if unit == "ms" else f"{value:,.0f}"


def _issue(one: Mapping[str, Any]) -> tuple[str, str, str, str]:
    return one["id"], one["title"], f"{one['events']:,}", f"{one['users']:,}"


def _issues(kind: str, document: Mapping[str, Any], base_url: str) -> Child:
    found = document["issues"][kind]
    if not found:
        return None
    rows = []
    for one in found:
        name, *others = _issue(one)
        rows.append((tag("a", name, href=f"{base_url}/app/issues/{name}"), *others))
    return joined(tag("h2", KINDS[kind]), table(_ISSUES, rows))


def _regressions(document: Mapping[str, Any]) -> Markup:
    found = document["regressions"]
    if not found:
        return joined()
    left = document["regressions_total"] - len(found)
    more = tag("p", f"{left} more.", class_="quiet") if left > 0 else None
    return joined(tag("h2", "Transactions that became worse"), table(_WORSE, [_worse(one) for one in found]), more)


def _worse(one: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    unit = "ms" if one["signal"] == "latency" else "share"
    told = _SIGNALS[one["signal"]]
    return one["service"], one["transaction"], told, _value(one["before"], unit), _value(one["after"], unit)
