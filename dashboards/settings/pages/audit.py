"""Audit: who changed what, and whether somebody changed the record of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from dash import html

from dashboards.settings.controls import Field, FilterLine, When, field_props
from dashboards.settings.models import AuditEntry, Verdict
from dashboards.settings.parts import NOTHING, Tree, aria, empty, note, number, section, table
from dashboards.urls import page_url

_SHOWN_DETAILS = 6
_LONGEST_VALUE = 80


def build(
    entries: Sequence[AuditEntry], cursor: str | None, chosen: Mapping[str, str], verdict: Verdict | None
) -> list[Tree]:
    """Return the page.

    Args:
        entries: the newest first.
        cursor: of the next page, None at the end.
        chosen: `actor`, `action` and `cursor` of the address.
        verdict: of the chain, when it was asked for.
    """
    lead = "Every write by page, API and command line, each entry chained to the one before by its hash."
    check = html.A("Verify the chain", href=_url(chosen, verify="1"), className="button")
    fields = [
        Field("actor", "Who", value=chosen.get("actor", ""), placeholder="user:ann@example.org"),
        Field("action", "What", value=chosen.get("action", ""), placeholder="project.create"),
    ]
    parts: list[Tree] = [
        *([_verdict(verdict)] if verdict else []),
        FilterLine(fields=field_props(fields), submit="Filter"),
    ]
    if not entries:
        filtered = any(chosen.get(name) for name in ("actor", "action"))
        text = "Try a shorter text, or clear the filter." if filtered else "The first change to anything appears here."
        return [
            section(
                "Audit", *parts, empty("Nothing matches" if filtered else "No entry yet", text), lead=lead, aside=check
            )
        ]
    rows = [_row(entry) for entry in entries]
    parts.append(table("Audit", ("When", "Who", "What", "On", "Details"), rows))
    parts.append(_pager(chosen, cursor))
    return [section("Audit", *parts, lead=lead, aside=check)]


def _verdict(verdict: Verdict) -> html.P:
    if verdict.ok:
        return note(
            f"The chain is whole: {number(verdict.entries)} entries, none changed or taken out.",
            "good",
        )
    where = f" at entry {verdict.broken_at}" if verdict.broken_at is not None else ""
    text = f"The chain is broken{where}: the record was changed behind Amber's back. {verdict.why}".strip()
    return note(text, "error")


def _row(entry: AuditEntry) -> list[Tree]:
    target = entry.target or (str(entry.target_id) if entry.target_id is not None else "")
    target = target.removeprefix(f"{entry.target_kind}:")
    on = html.Span([html.Span(f"{entry.target_kind} ", className="set-dim"), target]) if entry.target_kind else target
    return [
        When(at=entry.at),
        html.Span(entry.actor, className="nowrap"),
        html.Code(entry.action),
        on,
        _details(entry.details),
    ]


def _details(details: Mapping[str, Any]) -> html.Span:
    shown = [f"{name}: {_value(value)}" for name, value in list(details.items())[:_SHOWN_DETAILS]]
    more = len(details) - _SHOWN_DETAILS
    return html.Span("; ".join(shown) + (f"; {more} more" if more > 0 else ""), className="set-dim")


def _value(value: Any) -> str:
    if isinstance(value, list):
        text = ", ".join(str(item) for item in value)
    elif value is None or value == "":
        text = NOTHING
    else:
        text = str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def _pager(chosen: Mapping[str, str], cursor: str | None) -> html.Nav:
    links: list[Tree] = []
    if chosen.get("cursor"):
        links.append(html.A("Newest", href=_url({**chosen, "cursor": ""}), className="button"))
    if cursor:
        links.append(html.A("Older", href=_url({**chosen, "cursor": cursor}), className="button"))
    return html.Nav(links, className="set-pager", **aria(label="Pages of the audit"))


def _url(chosen: Mapping[str, str], **more: str) -> str:
    pairs = {name: value for name, value in {**chosen, **more}.items() if value}
    return page_url("settings/audit") + (f"?{urlencode(pairs)}" if pairs else "")
