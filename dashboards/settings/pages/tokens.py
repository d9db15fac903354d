"""Tokens: keys of programs that read or change things through the API in somebody's name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from dash import html

from dashboards.settings.controls import (
    ActionButton,
    Choice,
    Field,
    Form,
    When,
    choices,
    confirmation,
    field_props,
    shown_once,
)
from dashboards.settings.models import Project, Token
from dashboards.settings.parts import NOTHING, Tree, aria, badge, empty, inline, section, table, two_lines
from dashboards.settings.rights import Rights
from dashboards.urls import page_url
from iam import SCOPES, Action

EXPIRIES: tuple[Choice, ...] = (
    Choice("7", "in 7 days"),
    Choice("30", "in 30 days"),
    Choice("90", "in 90 days"),
    Choice("365", "in a year"),
    Choice("", "never"),
)
"""When a new token may end: days from now, empty for never."""

_DEFAULT_EXPIRY_DAYS = "90"
_DEFAULT_SCOPES = ["event:read", "issue:read", "project:read", "query:read"]
_SOON = timedelta(days=7)


def build(
    tokens: Sequence[Token], projects: Sequence[Project], rights: Rights, *, now: datetime, everyone: bool
) -> list[Tree]:
    """Return the page."""
    create = new_token(projects) if rights.on_tokens_of(Action.TOKEN_WRITE, rights.user_id) and rights.user_id else None
    lead = "For scripts, notebooks and the command line. A token may what its person may, and no more than its scopes."
    parts: list[Tree] = []
    if rights.on_tokens_of(Action.TOKEN_READ, 0):
        parts.append(_whose(everyone=everyone))
    if not tokens:
        text = html.Span(["With one, ", html.Code("amber query"), ", Python and curl ask what this page asks."])
        return [section("Tokens", *parts, empty("No token yet", text, create), lead=lead)]
    heads = ("Token", *(("Of",) if everyone else ()), "May", "Projects", "Last used", "Ends", "")
    rows = [_row(token, rights, now, everyone=everyone) for token in tokens]
    return [section("Tokens", *parts, table("Tokens", heads, rows), lead=lead, aside=create)]


def new_token(projects: Sequence[Project]) -> Form:
    """Return the form that makes a token and shows it once."""
    fields = [
        Field("name", "Name", required=True, placeholder="ci", hint="What it is for; stands in the audit."),
        Field(
            "scopes",
            "It may",
            "checks",
            list(_DEFAULT_SCOPES),
            required=True,
            choices=choices({name: scope.doc for name, scope in SCOPES.items()}),
        ),
        Field(
            "projects",
            "Projects",
            "checks",
            [],
            "None chosen: all that you may see, also those made later.",
            choices=tuple(Choice(project.slug, project.slug) for project in projects),
            empty_is_null=True,
        ),
        Field("expires_at", "Ends", "expiry", _DEFAULT_EXPIRY_DAYS, choices=EXPIRIES, empty_is_null=True),
    ]
    return Form(
        id="new-token",
        method="POST",
        path="tokens",
        fields=field_props(fields),
        submit="Create token",
        opener="New token",
        title="New token",
        once=shown_once("plain", "Your new token", "Copy it now. It is not stored, so it cannot be shown again."),
    )


def _whose(*, everyone: bool) -> html.Nav:
    def link(text: str, href: str, *, here: bool) -> html.A:
        return html.A(text, href=href, className="set-tab", **(aria(current="page") if here else {}))

    own = link("Mine", page_url("settings/tokens"), here=not everyone)
    every = link("Everybody's", f"{page_url('settings/tokens')}?everyone=1", here=everyone)
    return html.Nav([own, every], className="set-tabs", **aria(label="Whose tokens"))


def _row(token: Token, rights: Rights, now: datetime, *, everyone: bool) -> list[Tree]:
    scopes: Tree = badge("everything", "warn")
    if token.scopes is not None:
        scopes = html.Div([badge(scope) for scope in token.scopes], className="set-badges")
    projects = "all" if token.projects is None else ", ".join(token.projects) or "none"
    used = When(at=token.last_used) if token.last_used else html.Span("never", className="set-dim")
    revoke: Tree = ""
    if rights.on_tokens_of(Action.TOKEN_WRITE, token.owner_id or rights.user_id):
        revoke = ActionButton(
            id={"type": "revoke-token", "id": token.id},
            method="DELETE",
            path=f"tokens/{token.id}",
            label="Revoke",
            name=f"Revoke {token.name}",
            look="danger",
            confirm=confirmation(f"Revoke {token.name}?", "Programs that use it are refused at once.", "Revoke token"),
            done="The token is revoked.",
        )
    owner = [token.owner or NOTHING] if everyone else []
    return [two_lines(token.name, When(at=token.created_at)), *owner, scopes, projects, used, _ends(token, now), revoke]


def _ends(token: Token, now: datetime) -> Tree:
    if token.expires_at is None:
        return html.Span("never", className="set-dim")
    left = datetime.fromisoformat(token.expires_at) - now
    if left <= timedelta(0):
        return badge("ended", "error")
    return inline(When(at=token.expires_at), badge("soon", "warn") if left < _SOON else None)
