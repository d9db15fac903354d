"""How an analysis is told in words, the same in Markdown and HTML. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from server.render.charts import Chart

VERDICTS: Final = {
    "cause": "A probable cause was found",
    "nothing": "Nothing is wrong",
    "not-enough-data": "Not enough data",
}
KINDS: Final = {
    "release": "release", "commit": "commit", "deploy": "deploy", "config": "configuration", "flag": "feature flag",
    "scaling": "scaling", "migration": "migration", "infrastructure": "infrastructure", "other": "change",
    "traffic": "traffic", "client": "one client or group", "resource": "resource", "slow-query": "slow query",
    "dependency": "dependency", "service": "service",
}  # fmt: skip


def heading(document: Mapping[str, Any]) -> str:
    """Return the title of an analysis."""
    return f"Root cause of {document['subject']['title']}"


def lead(document: Mapping[str, Any]) -> str:
    """Return the verdict and, where there is one, the first hypothesis with its confidence."""
    found = document["hypotheses"]
    if document["verdict"] != "cause" or not found:
        return VERDICTS[document["verdict"]]
    return f"{found[0]['title']} ({percent(found[0]['confidence'])} sure)"


def times(document: Mapping[str, Any]) -> str:
    """Return the window and the baseline in a sentence."""
    window, baseline = document["window"], document["baseline"]
    return (
        f"Bad: {moment(window['start'])} to {moment(window['end'])}; compared with {moment(baseline['start'])}"
        f" to {moment(baseline['end'])} (UTC)."
    )


def onset(document: Mapping[str, Any]) -> str:
    """Return when it began; empty when that is not known."""
    began = document["onset"]
    if began is None:
        return ""
    return f"Began at {moment(began['at'])}, between {moment(began['earliest'])} and {moment(began['latest'])}."


def moment(text: str) -> str:
    """Return a time of a document as people read it."""
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S}"


def percent(share: float | None) -> str:
    """Return a share of 1 as percent."""
    return "?" if share is None else f"{share * 100:.3g} %"


def chart_of(one: Mapping[str, Any]) -> Chart:
    """Return a chart of a document, to be drawn."""
    window = one["window"]
    began = one["onset"]
    return Chart(
        one["title"],
        _seconds(one["start"]),
        one["step_s"],
        one["values"],
        "" if one["unit"] in {"count", "share"} else one["unit"],
        None if window is None else (_seconds(window["start"]), _seconds(window["end"])),
        None if began is None else _seconds(began),
        share=one["unit"] == "share",
    )


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
