"""Replays and lists of traces of an invented shop, and what an analysis of its root cause says."""

from __future__ import annotations

import json
import zlib
from html import escape
from typing import Any

from flask import Blueprint, Response, request

from tests.dashboards.fake import problem

REPLAY, EMPTY, UNKNOWN = "a" * 32, "b" * 32, "c" * 32
BEGIN_MS = 1_772_366_400_000
REPORTS = [
    {
        "id": 7,
        "project": "shop",
        "schedule": None,
        "start": "2026-02-22T12:00:00Z",
        "end": "2026-03-01T12:00:00Z",
        "made_at": "2026-03-01T12:00:05Z",
        "error": "",
        "mails": [{"recipient": "a@b.example", "state": "refused", "at": "2026-03-01T12:00:06Z", "error": "550 no"}],
    }
]
HOSTILE = "<img src=x onerror=window.hacked=1>"


def routes() -> Blueprint:
    """Return the routes of recordings and of analyses."""
    blueprint = Blueprint("fake_replays", __name__, url_prefix="/api/v1")

    @blueprint.get("/replays/<replay>/segments")
    def segments(replay: str) -> Any:
        if replay == UNKNOWN:
            return problem(404, "replay-unknown", "There is no such replay in this time range.")
        urls = [f"/api/v1/replays/{replay}/segments/{n}" for n in range(2)] if replay == REPLAY else [None]
        return {"items": [_segment(number, url) for number, url in enumerate(urls)]}

    @blueprint.get("/replays/<replay>/segments/<int:segment>")
    def recording(replay: str, segment: int) -> Any:
        assert replay == REPLAY
        content = json.dumps(_events()[segment * 3 : segment * 3 + 3]).encode()
        return Response(zlib.compress(content) if segment else content, content_type="application/octet-stream")

    @blueprint.post("/rca")
    def rca() -> Any:
        asked = request.get_json()
        if asked.get("issue") == "SHOP-2":
            return problem(503, "store-busy", "The store is busy.", hint="Try again in a moment.")
        return make_analysis("nothing" if asked.get("query") else "cause")

    @blueprint.get("/rca/<run>/progress")
    def progress(run: str) -> Any:
        return {"run": run, "answered": 3, "last": "calls", "elapsed_ms": 100}

    blueprint.add_url_rule("/reports", "reports", lambda: {"items": [] if request.args.get("project") else REPORTS})
    blueprint.add_url_rule("/report-schedules", "schedules", lambda: {"items": []})

    @blueprint.get("/reports/<int:report>")
    def report(report: int) -> Any:
        policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'self'"
        body = f"<!doctype html><title>Report</title><h1>Report {report} of {escape(HOSTILE)}</h1>"
        return Response(body, headers={"Content-Security-Policy": policy}, content_type="text/html; charset=utf-8")

    return blueprint


def rows_of(body: dict[str, Any]) -> list[list[Any]] | None:
    """Return the rows of the lists of replays and traces; None when the question is about something else."""
    text, moment = body["query"], "2026-03-01T12:00:00.000Z"
    if text.startswith("from replays"):
        sums = [moment, "2026-03-01T12:01:05.000Z", 2, 40, 1, 1]
        return [] if body.get("range") == "15m" else [[REPLAY, "shop", HOSTILE, *sums], [EMPTY, "shop", "", *sums]]
    if text.startswith("from errors | where replay"):
        return [["2026-03-01T12:00:04.000Z", "SHOP-1", "e" * 32, HOSTILE]]
    if text.startswith("from transactions | sort"):
        names = ["/checkout", HOSTILE, "متجر 🛒", "/ " + "x" * 200]
        rows = [[moment, f"{n:032x}", "1" * 16, name, 10**8 + n, "ok", "web", "shop"] for n, name in enumerate(names)]
        return [] if body.get("range") == "15m" else rows
    if text.startswith("from spans trace:["):
        return [[f"{0:032x}", 12, 1, 3]]
    return [[f"{0:032x}", 2]] if text.startswith("from errors trace:[") else None


def _segment(number: int, url: str | None) -> dict[str, Any]:
    told = {"segment": number, "timestamp": "2026-03-01T12:00:00Z", "recording_kind": "rrweb", "recording_size": 900}
    return {**told, "url": url}


def _events() -> list[dict[str, Any]]:
    """A page with a picture from elsewhere and a script, a click on it, and a console error."""
    head = {"type": 2, "tagName": "head", "attributes": {}, "childNodes": [], "id": 3}
    remote = {"src": "https://evil.example/a.png", "onerror": "window.hacked = 1", "alt": "a cup"}
    inner: list[dict[str, Any]] = [
        {
            "type": 2,
            "tagName": "h1",
            "attributes": {},
            "id": 5,
            "childNodes": [{"type": 3, "textContent": "Shop", "id": 6}],
        },
        {"type": 2, "tagName": "img", "attributes": remote, "childNodes": [], "id": 7},
        {"type": 2, "tagName": "script", "attributes": {"src": "https://evil.example/a.js"}, "childNodes": [], "id": 8},
        {"type": 2, "tagName": "input", "attributes": {"value": "***", "type": "text"}, "childNodes": [], "id": 9},
    ]
    body = {"type": 2, "tagName": "body", "attributes": {}, "childNodes": inner, "id": 4}
    page = {"type": 2, "tagName": "html", "attributes": {"lang": "en"}, "childNodes": [head, body], "id": 2}
    crumb = {"timestamp": BEGIN_MS / 1000 + 3, "category": "console", "level": "error", "message": HOSTILE}
    told: list[tuple[int, int, Any]] = [
        (0, 4, {"href": "http://shop.example/", "width": 800, "height": 500}),
        (10, 2, {"node": {"type": 0, "childNodes": [page], "id": 1}, "initialOffset": {"top": 0, "left": 0}}),
        (1000, 3, {"source": 2, "type": 2, "id": 5, "x": 30, "y": 30}),
        (3000, 5, {"tag": "breadcrumb", "payload": crumb}),
        (30_000, 3, {"source": 1, "positions": [{"x": 9, "y": 9, "id": 5, "timeOffset": 0}]}),
        (31_000, 3, {"source": 3, "id": 1, "x": 0, "y": 0}),
    ]
    return [{"timestamp": BEGIN_MS + ms, "type": kind, "data": data} for ms, kind, data in told]


def make_analysis(verdict: str) -> dict[str, Any]:
    """Return an analysis as the API tells it; one that found a cause, or nothing."""
    times = {"start": "2026-03-01T11:30:00Z", "end": "2026-03-01T12:00:00Z"}
    link = {"cause": "deploy of cart", "effect": "cart", "text": "p95 rose to 2 s", "keys": ["k"], "at": None}
    piece = {"key": "k", "kind": "timing", "text": f"1 min before {HOSTILE}", "weight": 2.0, "node": "", "signal": None}
    change = {"id": "1", "kind": "deploy", "at": times["start"], "node": "cart", "title": "cart@2"}
    change |= {"link": "javascript:alert(1)", "author": "ada", "attributes": {}, "key": None}
    cause = {"kind": "change", "node": "cart", "title": "deploy of cart", "confidence": 0.83, "change": change}
    cause |= {"difference": None, "chain": [link, {**link, "cause": "cart", "effect": "web"}], "evidence": [piece]}
    chart = {"key": "k", "title": "p95 of cart", "node": "cart", "signal": "latency", "unit": "ns", "step_s": 60.0}
    chart |= {"start": times["start"], "values": [1.0, None, 5.0], "window": times, "onset": times["start"]}
    found = verdict == "cause"
    return {
        "version": 1,
        "subject": {"kind": "issue", "title": "x", "query": "", "node": "web", "signal": "errors", "issue": "SHOP-1"},
        "window": times,
        "baseline": times,
        "step_s": 60,
        "verdict": verdict,
        "why": "It is within what is usual.",
        "p_value": 0.2,
        "onset": {"at": times["start"], "earliest": times["start"], "latest": times["end"], "key": None}
        if found
        else None,
        "blast_radius": {"nodes": [], "differences": [], "share": 0.5 if found else None},
        "hypotheses": [{**cause, "commits": []}, {**cause, "title": "web itself", "confidence": 0.01}] if found else [],
        "ruled_out": [{"what": "payment", "why": "it was as always", "key": "k"}] if found else [],
        "charts": [chart] if found else [],
        "evidence": {"k": {"title": "p95 of cart", "query": "from spans service:cart", **times, "page": ""}},
        "looked_at": {
            "series": 9,
            "services": 3,
            "calls": 2,
            "changes": 1,
            "patterns": 0,
            "span_groups": 0,
            "rows_read": 9,
        },
        "notes": [],
        "elapsed_ms": 812.0,
    }
