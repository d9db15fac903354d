"""An analysis as a page that needs nothing else: fit for a browser, a printer, and a mail. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from server.rca import words
from server.render.charts import drawn
from server.render.html import STYLE, Child, Markup, joined, table, tag, whole_page

_MOST_EVIDENCE: Final = 8
Picture = Callable[[Mapping[str, Any]], Child]
"""Makes a figure's picture of a chart of the document."""


def as_svg(chart: Mapping[str, Any]) -> Child:
    """Return a chart as SVG within the page."""
    return Markup(drawn(words.chart_of(chart)).as_svg())


def as_html(document: Mapping[str, Any], base_url: str = "") -> str:
    """Return an analysis as a page of its own.

    Args:
        document: of `server.rca.document`.
        base_url: what links to Amber's pages begin with; empty for the same site.
    """
    title = words.heading(document)
    return whole_page(title, section(document, as_svg, base_url, heading="h1"), STYLE)


def section(document: Mapping[str, Any], picture: Picture, base_url: str = "", heading: str = "h3") -> Markup:
    """Return an analysis as a part of a page."""
    began = words.onset(document)
    verdict = tag(
        "div",
        tag("strong", words.lead(document)),
        tag("p", document["why"]),
        class_=f"verdict {document['verdict']}",
    )
    figures = [tag("figure", picture(one)) for one in document["charts"]]
    return joined(
        tag(heading, words.heading(document)),
        tag("p", f"{began} {words.times(document)}".strip(), class_="quiet"),
        verdict,
        figures[:1],
        [_hypothesis(number, one, document, base_url) for number, one in enumerate(document["hypotheses"], 1)],
        figures[1:],
        _reached(document),
        _listed("Ruled out", [f"{one['what']}: {one['why']}" for one in document["ruled_out"]]),
        _listed("Not looked at", document["notes"]),
    )


def _hypothesis(number: int, one: Mapping[str, Any], document: Mapping[str, Any], base_url: str) -> Markup:
    kind = words.KINDS.get(one["kind"], one["kind"])
    where = f" of {one['node']}" if one["node"] else ""
    width = f"width:{max(2, round((one['confidence'] or 0) * 120))}px"
    return joined(
        tag("h3", f"{number}. {one['title']}"),
        tag("p", tag("span", class_="bar", style=width), f"{words.percent(one['confidence'])} sure; {kind}{where}"),
        _change(one["change"]),
        tag("ol", [_step(step) for step in one["chain"]], class_="chain") if one["chain"] else None,
        tag("ul", [_piece(piece, document, base_url) for piece in one["evidence"][:_MOST_EVIDENCE]]),
        tag("ul", [_commit(commit) for commit in one["commits"]]) if one["commits"] else None,
    )


def _change(change: Mapping[str, Any] | None) -> Child:
    if change is None:
        return None
    title = change["title"] or change["id"]
    shown = tag("a", title, href=change["link"]) if change["link"] else title
    by = f" by {change['author']}" if change["author"] else ""
    return tag("p", shown, f"{by}, {words.moment(change['at'])}")


def _step(step: Mapping[str, Any]) -> Markup:
    return tag("li", tag("strong", f"{step['cause']} → {step['effect']}"), f": {step['text']}")


def _piece(piece: Mapping[str, Any], document: Mapping[str, Any], base_url: str) -> Markup:
    query = document["evidence"].get(piece["key"] or "")
    if query is None:
        return tag("li", piece["text"])
    return tag(
        "li",
        piece["text"],
        " ",
        tag("a", "open", href=f"{base_url}{query['page']}"),
        tag("br"),
        tag("code", query["query"]),
    )


def _commit(commit: Mapping[str, Any]) -> Markup:
    return tag("li", tag("code", commit["sha"][:12]), f" {commit['title']} ({commit['author']}): {commit['why']}")


def _reached(document: Mapping[str, Any]) -> Markup:
    radius = document["blast_radius"]
    nodes = [
        (one["node"], ", ".join(one["signals"]), "" if one["score"] is None else f"{one['score']:.3g}")
        for one in radius["nodes"]
    ]
    shared = [
        (one["field"], one["value"], words.percent(one["bad_share"]), words.percent(one["good_share"]))
        for one in radius["differences"][:10]
    ]
    return joined(
        [tag("h3", "Who is affected"), table(("service", "what", "spreads off"), nodes)] if nodes else None,
        [tag("h3", "What bad ones share"), table(("field", "value", "of bad", "of good"), shared)] if shared else None,
    )


def _listed(title: str, lines: list[str]) -> Markup:
    return joined([tag("h3", title), tag("ul", [tag("li", line) for line in lines])] if lines else None)
