"""An analysis as JSON: what the API answers, and what Markdown and HTML are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np

from ml import rca
from queries.result import rfc3339
from server.rca.frames import moment, seconds_of
from server.rca.service import Finding

VERSION: Final = 1
_MOST_CHARTS: Final = 6
_MOST_RULED_OUT: Final = 30
_MOST_HYPOTHESES: Final = 10
Document = dict[str, Any]


def document_of(finding: Finding) -> Document:
    """Return an analysis as values JSON can hold."""
    found, trail = finding.diagnosis, finding.trail
    return {
        "version": VERSION,
        "subject": {
            "kind": finding.subject.kind,
            "title": finding.subject.title,
            "query": finding.subject.text,
            "node": finding.case.symptom.node,
            "signal": finding.case.symptom.signal.value,
            "direction": finding.case.symptom.direction.value,
            "issue": None if finding.subject.issue is None else finding.subject.issue.short_id,
        },
        "window": _range(seconds_of(finding.frame.window)),
        "baseline": _range(seconds_of(finding.frame.baseline)),
        "step_s": finding.frame.step_s,
        "verdict": found.verdict.value,
        "why": found.why,
        "p_value": found.p_value,
        "onset": None if found.onset is None else _onset(found.onset),
        "blast_radius": _blast_radius(found.blast_radius),
        "hypotheses": [_hypothesis(one, finding) for one in found.hypotheses[:_MOST_HYPOTHESES]],
        "ruled_out": [
            {"what": one.what, "why": one.why, "key": one.key or None} for one in found.ruled_out[:_MOST_RULED_OUT]
        ],
        "charts": [_chart(one, finding) for one in charted(finding)],
        "evidence": trail.documents(_keys(finding)),
        "looked_at": {
            "series": len(finding.case.series),
            "services": len({one.node for one in finding.case.series}),
            "calls": len(finding.case.edges),
            "changes": len(finding.case.changes),
            "patterns": len(finding.case.patterns),
            "span_groups": len(finding.case.span_groups),
            "rows_read": finding.rows_read,
        },
        "notes": list(finding.notes),
        "elapsed_ms": round(finding.elapsed_s * 1000, 3),
    }


def charted(finding: Finding) -> list[rca.Series]:
    """Return the series to draw: the symptom first, then those the first hypothesis stands on, the cause last."""
    by_key = {one.key: one for one in finding.case.series if one.key}
    wanted = ["asked"]
    for one in finding.diagnosis.hypotheses[:1]:
        wanted += [key for link in reversed(one.chain) for key in link.keys]
        wanted += [piece.key for piece in one.evidence]
    wanted += [key for node in finding.diagnosis.blast_radius.nodes[:3] for key in node.keys[:1]]
    kept = [key for key in dict.fromkeys(wanted) if key in by_key]
    return [by_key[key] for key in kept[:_MOST_CHARTS]]


def _chart(one: rca.Series, finding: Finding) -> Document:
    grid = finding.case.grid
    assert grid is not None
    onset = finding.diagnosis.onset
    return {
        "key": one.key,
        "title": finding.trail[one.key].title if one.key in finding.trail else f"{one.name} of {one.node}",
        "node": one.node,
        "signal": one.signal.value,
        "unit": one.unit,
        "start": rfc3339(moment(grid.start)),
        "step_s": grid.step,
        "values": [_rounded(value) for value in one.values.tolist()],
        "window": _range(finding.case.window),
        "onset": None if onset is None else rfc3339(moment(onset.at)),
    }


def _rounded(value: float) -> float | None:
    return float(f"{value:.6g}") if np.isfinite(value) else None


def _onset(onset: rca.Onset) -> Document:
    at, earliest, latest = (rfc3339(moment(one)) for one in (onset.at, onset.earliest, onset.latest))
    return {"at": at, "earliest": earliest, "latest": latest, "key": onset.key or None}


def _blast_radius(radius: rca.BlastRadius) -> Document:
    return {
        "nodes": [
            {
                "node": one.node,
                "score": _rounded(one.score),
                "signals": [signal.value for signal in one.signals],
                "at": _time(one.at),
                "keys": list(one.keys),
            }
            for one in radius.nodes
        ],
        "differences": [
            {
                "field": one.field,
                "value": one.value,
                "bad_share": _rounded(one.bad_share),
                "good_share": _rounded(one.good_share),
                "bad_count": one.bad_count,
                "good_count": one.good_count,
                "node": one.node,
                "key": one.key or None,
            }
            for one in radius.differences
        ],
        "share": None if radius.share is None else _rounded(radius.share),
    }


def _hypothesis(one: rca.Hypothesis, finding: Finding) -> Document:
    changes = {change.id: change for change in finding.case.changes}
    blamed = changes.get(one.change or "")
    return {
        "kind": one.kind.value,
        "node": one.node,
        "title": one.title,
        "confidence": _rounded(one.confidence),
        "change": None if blamed is None else _change(blamed),
        "difference": None if one.difference is None else {"field": one.difference[0], "value": one.difference[1]},
        "chain": [
            {
                "cause": step.cause,
                "effect": step.effect,
                "text": step.text,
                "keys": list(step.keys),
                "at": _time(step.at),
            }
            for step in one.chain
        ],
        "evidence": [
            {
                "key": piece.key or None,
                "kind": piece.kind,
                "text": piece.text,
                "weight": _rounded(piece.weight),
                "node": piece.node,
                "signal": None if piece.signal is None else piece.signal.value,
            }
            for piece in one.evidence
        ],
        "commits": [
            {
                "sha": commit.sha,
                "score": _rounded(commit.score),
                "why": commit.why,
                "at": _time(commit.at),
                "author": commit.author,
                "title": commit.title,
                "release": commit.release,
            }
            for commit in one.commits
        ],
    }


def _change(one: rca.Change) -> Document:
    return {
        "id": one.id,
        "kind": one.kind.value,
        "at": _time(one.at),
        "node": one.node,
        "title": one.title,
        "link": one.link if one.link.startswith(("https://", "http://")) else "",
        "author": one.author,
        "attributes": dict(one.attributes),
        "key": one.key or None,
    }


def _keys(finding: Finding) -> set[str]:
    """Return the keys of all that is told."""
    found = finding.diagnosis
    told: list[Iterable[str]] = [("asked",), (one.key for one in charted(finding))]
    if found.onset is not None:
        told.append((found.onset.key,))
    for one in found.hypotheses[:_MOST_HYPOTHESES]:
        told += [(piece.key for piece in one.evidence), (key for link in one.chain for key in link.keys)]
        told.append(change.key for change in finding.case.changes if change.id == one.change)
    told += [one.keys for one in found.blast_radius.nodes]
    told.append(one.key for one in found.blast_radius.differences)
    told.append(one.key for one in found.ruled_out[:_MOST_RULED_OUT])
    return {key for keys in told for key in keys if key}


def _range(one: rca.Range) -> Mapping[str, str]:
    return {"start": rfc3339(moment(one.start)), "end": rfc3339(moment(one.end))}


def _time(at: float | None) -> str | None:
    return None if at is None else rfc3339(moment(at))
