"""An analysis as Markdown. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from server.rca import words
from server.render.markdown import block, code, link, plain, table

_MOST_EVIDENCE: Final = 8


def as_markdown(document: Mapping[str, Any], level: int = 1) -> str:
    """Return an analysis as Markdown.

    Args:
        document: of `server.rca.document`.
        level: of its heading: 1 for a page of its own, more within another.
    """
    mark = "#" * level
    parts = [f"{mark} {plain(words.heading(document))}", f"**{plain(words.lead(document))}.** {plain(document['why'])}"]
    parts += [one for one in (words.onset(document), words.times(document)) if one]
    for number, one in enumerate(document["hypotheses"], 1):
        parts += _hypothesis(one, document, f"{mark}# {number}.")
    parts += _reached(document, mark)
    if document["ruled_out"]:
        parts += [
            f"{mark}# Ruled out",
            _list(f"{plain(one['what'])}: {plain(one['why'])}" for one in document["ruled_out"]),
        ]
    if document["notes"]:
        parts += [f"{mark}# Not looked at", _list(plain(one) for one in document["notes"])]
    return "\n\n".join(parts) + "\n"


def _hypothesis(one: Mapping[str, Any], document: Mapping[str, Any], mark: str) -> Iterator[str]:
    kind = words.KINDS.get(one["kind"], one["kind"])
    yield f"{mark} {plain(one['title'])}"
    where = f" of {plain(one['node'])}" if one["node"] else ""
    yield f"{words.percent(one['confidence'])} sure; kind: {kind}{where}."
    if one["change"] is not None:
        change = one["change"]
        by = f" by {plain(change['author'])}" if change["author"] else ""
        yield f"{link(change['title'] or change['id'], change['link'])}{by}, {words.moment(change['at'])}."
    if one["chain"]:
        yield "\n".join(
            f"{number}. {plain(step['cause'])} → {plain(step['effect'])}: {plain(step['text'])}"
            for number, step in enumerate(one["chain"], 1)
        )
    shown = document["evidence"]
    for piece in one["evidence"][:_MOST_EVIDENCE]:
        query = shown.get(piece["key"] or "")
        asked = "" if query is None else f"\n\n{block(query['query'])}"
        yield f"* {plain(piece['text'])}{asked}"
    for commit in one["commits"]:
        told = f"{plain(commit['title'])} ({plain(commit['author'])}): {plain(commit['why'])}"
        yield f"* {code(commit['sha'][:12])} {told}"


def _reached(document: Mapping[str, Any], mark: str) -> Iterator[str]:
    radius = document["blast_radius"]
    if radius["nodes"]:
        yield f"{mark}# Who is affected"
        rows = [[plain(one["node"]), plain(", ".join(one["signals"])), _score(one["score"])] for one in radius["nodes"]]
        yield table(("service", "what", "spreads off"), rows)
    if radius["differences"]:
        yield f"{mark}# What bad ones share"
        yield table(
            ("field", "value", "of bad", "of good"),
            [
                [
                    plain(one["field"]),
                    plain(one["value"]),
                    words.percent(one["bad_share"]),
                    words.percent(one["good_share"]),
                ]
                for one in radius["differences"][:10]
            ],
        )


def _score(score: float | None) -> str:
    return "" if score is None else f"{score:.3g}"


def _list(lines: Iterator[str]) -> str:
    return "\n".join(f"* {line}" for line in lines)
