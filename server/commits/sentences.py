"""What points to a commit, and why nothing does, in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from ml.suspect.scoring import Evidence, Reason

_STEPS = ((timedelta(days=2), "days", timedelta(days=1)), (timedelta(hours=2), "h", timedelta(hours=1)))


def told_time(span: timedelta) -> str:
    """Return a length of time as people say it: `3 h`, `12 days`, `5 min`."""
    for least, word, unit in _STEPS:
        if span >= least:
            return f"{span // unit} {word}"
    return f"{max(span // timedelta(minutes=1), 1)} min"


def sentence(evidence: Evidence, before_first: timedelta) -> str:
    """Return one piece of evidence as a sentence, such as `changed line 42 of charge in shop/cart.py, …`."""
    when = f"{told_time(before_first)} before the first event"
    function = f" of {evidence.function}" if evidence.function else ""
    where = "where it failed" if evidence.position == 0 else f"frame {evidence.position + 1} of the own code"
    match evidence.reason:
        case Reason.LINE:
            return f"changed line {evidence.line}{function} in {evidence.path}, {where}, {when}"
        case Reason.NEAR:
            return f"changed lines around line {evidence.line}{function} in {evidence.path}, {where}, {when}"
        case Reason.FILE:
            return f"changed {evidence.path}, {where}, {when}"
        case Reason.RELATED:
            return f"changed {evidence.path}, which the failing test is about, {when}"
        case Reason.WORDS:
            return f"its message shares words with the error: {', '.join(evidence.words[:6])}"


NOTHING: Mapping[str, tuple[str, str]] = {
    "no-event": ("No event of this issue is stored any more.", ""),
    "no-stack": (
        "The events of this issue have no stack trace with known files.",
        "Errors that are captured with a stack trace can be traced to commits.",
    ),
    "no-repository": (
        "No commits are known yet.",
        "Tell them with sentry-cli, a push webhook, or amber commits sync.",
    ),
    "no-mapping": (
        "No file of the stack was found in the repositories.",
        "Add a code mapping: which path of the stack is which directory of the repository.",
    ),
    "no-files": (
        "The commits that are known were told without the files they changed.",
        "Use `sentry-cli releases set-commits --local`, a push webhook, or `amber commits sync`, which tell them.",
    ),
    "not-in-release": (
        "No commit of the release changed a file of this stack.",
        "It may come from a dependency, from data, from configuration, or be older than the release.",
    ),
    "no-suspect": ("No known commit touched the files of this stack before the first event.", ""),
}
"""Why there is no suspect, and what to do, by code."""
