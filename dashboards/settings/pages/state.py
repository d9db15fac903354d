"""Ingest state: is everything at work, is anything refused, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dash import html

from dashboards.settings.advice import advice
from dashboards.settings.controls import Refresher, When
from dashboards.settings.models import Check, IngestState, OutcomeCount, RoleState, Spool
from dashboards.settings.parts import NOTHING, Tree, aria, badge, empty, inline, note, number, section, size, table
from dashboards.urls import UrlState, discover_url, page_url

REFRESH_S = 5
_CHECKS = {
    "disk": ("Disk", "Free disk is short: new events are refused before it is full. Make room."),
    "spool": ("Spool", "Events arrive faster than they are stored, or the writer stands still. See the spools below."),
    "store": ("Event store", "The store does not answer. See the log of the web process."),
    "metadata": ("Metadata", "It does not answer. Check it, and the log of the web process."),
    "writer": ("Writer", "Events are safe on disk and wait to be stored. See the error and the log."),
}
_SPOOLS = {
    "raw": "accepted, waits to be read",
    "ready": "read, waits to be stored",
    "dead": "could not be read or stored, or is kept for later",
}
_TONES = {"accepted": "good", "invalid": "error", "dropped": "error", "rate_limited": "warn"}
_REFUSED = frozenset({"invalid", "dropped", "rate_limited"})


def build(state: IngestState, *, may_read_dead: bool) -> list[Tree]:
    """Return the page."""
    good = all(check.ok for check in state.checks.values()) and all(role.ready for role in state.roles)
    verdict = badge("all well", "good") if good else badge("needs attention", "error")
    since = inline("since", When(at=state.started_at)) if state.started_at else None
    lead = inline(verdict, f"Amber {state.version}".strip(), since)
    return [
        section(
            "Ingest state",
            html.Div([_check(name, check) for name, check in state.checks.items()], className="set-checks"),
            lead=lead,
            aside=Refresher(id="state-refresher", seconds=REFRESH_S, at=state.at),
        ),
        _outcomes(state.outcomes),
        _processes(state.roles),
        _spools(state.spools, state.dead_letters, may_read_dead=may_read_dead),
    ]


def _check(name: str, check: Check) -> html.Div:
    title, remedy = _CHECKS.get(name, (name.replace("_", " ").capitalize(), ""))
    figure = ""
    if check.free_bytes is not None:
        figure = f"{size(check.free_bytes)} free"
    elif check.bytes is not None:
        figure = size(check.bytes) + (f" of {size(check.budget_bytes)}" if check.budget_bytes else "")
    parts: list[Tree] = [
        html.Div(
            [html.H3(title), badge("ok", "good") if check.ok else badge("red", "error")], className="set-check-head"
        ),
        html.P(figure or ("answers" if check.ok else "does not answer"), className="set-dim"),
    ]
    if not check.ok:
        parts.append(note(" ".join(part for part in (check.error, remedy) if part), "error"))
    return html.Div(parts, className="set-check" if check.ok else "set-check set-check-red")


def _outcomes(outcomes: Sequence[OutcomeCount]) -> html.Section:
    lead = html.Span(
        [
            "What became of everything sent in the last 24 hours. ",
            html.A(
                "Ask more in Discover",
                href=discover_url("from outcomes | summarize n=sum(quantity) by outcome, reason"),
            ),
        ]
    )
    if not outcomes:
        text = "Nothing was sent in the last 24 hours. Is a program set up to send here?"
        action = html.A("Show me how", href=page_url("welcome"), className="button")
        return section("Received and refused", empty("Nothing arrived", text, action), lead=lead)
    most = max(count.quantity for count in outcomes)
    ordered = sorted(outcomes, key=lambda count: (count.outcome not in _REFUSED, -count.quantity))
    rows = [_outcome_row(count, most) for count in ordered]
    heads = ("Project", "Outcome", "Reason", "Items", "", "What to do")
    return section("Received and refused", _outcome_table(heads, rows), lead=lead)


def _outcome_table(heads: Sequence[str], rows: Iterable[Sequence[Tree]]) -> Tree:
    # The empty head is the bar, which repeats the number beside it for the eye.
    return table("Outcomes of the last 24 hours", [head or "Share" for head in heads], rows, numeric=(3,))


def _outcome_row(count: OutcomeCount, most: int) -> list[Tree]:
    tone = _TONES.get(count.outcome, "plain")
    bar = html.Div(
        html.Div(
            className=f"set-bar-fill set-bar-{tone}", style={"width": f"{max(1.0, 100 * count.quantity / most):.1f}%"}
        ),
        className="set-bar",
        **aria(hidden="true"),
    )
    project: Tree = "not known" if count.project == "-" else count.project
    what = html.Span([html.Code(count.reason) if count.reason else "", f" {_category(count)}"])
    return [
        project,
        badge(count.outcome, tone),
        what,
        number(count.quantity),
        bar,
        html.Span(advice(count.outcome, count.reason)),
    ]


def _category(count: OutcomeCount) -> str:
    """Return the kind of data in people's words; what was refused before anybody could tell has none."""
    if count.outcome == "accepted":
        return "message" if count.category == "default" else count.category
    return "" if count.category in {"default", "unknown", count.reason} else count.category


def _processes(roles: Sequence[RoleState]) -> html.Section:
    rows = [
        [
            html.Code(role.name),
            badge("at work", "good") if role.ready else badge("starting or down", "error"),
            str(role.restarts) if role.restarts else html.Span("0", className="set-dim"),
        ]
        for role in roles
    ]
    body: list[Tree] = [table("Processes", ("Process", "State", "Restarts"), rows, numeric=(2,))]
    if any(role.restarts for role in roles):
        body.append(
            note("A process that ends is started again at once and nothing accepted is lost. Its log says why.")
        )
    return section("Processes", *body)


def _spools(spools: Sequence[Spool], dead_letters: int, *, may_read_dead: bool) -> html.Section:
    rows = [
        [
            html.Code(spool.name),
            size(spool.bytes),
            size(spool.budget_bytes) if spool.budget_bytes else NOTHING,
            _SPOOLS.get(spool.name, ""),
        ]
        for spool in spools
    ]
    body: list[Tree] = [table("Spools", ("Spool", "Bytes", "Budget", "What lies there"), rows, numeric=(1, 2))]
    if dead_letters:
        how: Tree = (
            [" Look at them with ", html.Code("amber dlq list"), "."] if may_read_dead else " Owners may look at them."
        )
        text = f"{number(dead_letters)} dead letters: accepted, but not stored. Nothing is thrown away."
        body.append(note(html.Span([text, *(how if isinstance(how, list) else [how])]), "warn"))
    else:
        body.append(note("No dead letters: everything accepted was stored."))
    return section(
        "Spools", *body, lead="Everything accepted is on disk first, so that nothing is lost when a process ends."
    )


def state_url() -> str:
    """Return the address of the page."""
    return page_url("settings/state", UrlState())
