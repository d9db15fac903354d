"""Account: one's name, password and the browsers one is signed in with."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dash import html

from dashboards.settings.controls import ActionButton, Field, Form, When, confirmation, field_props
from dashboards.settings.models import BrowserSession, Me
from dashboards.settings.pages.general import name_form
from dashboards.settings.parts import NOTHING, Tree, badge, inline, section, table, two_lines

_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    (r"iPhone|iPad", "iOS"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X|Macintosh", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def build(me: Me, sessions: Sequence[BrowserSession]) -> list[Tree]:
    """Return the page."""
    others = [session for session in sessions if not session.current]
    end_all = _end_others() if others else None
    ordered = sorted(sessions, key=lambda session: session.last_seen or session.created_at, reverse=True)
    ordered.sort(key=lambda session: not session.current)
    browsers = table("Sessions", ("Browser", "Address", "Last used", "Since", ""), map(_row, ordered))
    lead = "Where you are signed in. End what you do not know, then change your password."
    return [
        section("Name", name_form(me)),
        section("Password", _password(me), lead="Other sessions end when it changes. Tokens go on."),
        section("Sessions", browsers, lead=lead, aside=end_all),
    ]


def browser_name(user_agent: str) -> str:
    """Return what people call a browser and its system, such as `Firefox on Linux`; the text's begin when unknown."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for pattern, name in _SYSTEMS if re.search(pattern, user_agent)), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or user_agent[:40] or "unknown"


def _password(me: Me) -> Form:
    fields = [
        # Tells password managers whose password it is.
        Field("username", "E-mail", "hidden", me.email, autocomplete="username"),
        Field("old", "Password now", "password", required=True, autocomplete="current-password", max_length=1024),
        Field("new", "New password", "password", required=True, autocomplete="new-password", max_length=1024),
    ]
    return Form(
        id="own-password",
        method="POST",
        path="me/password",
        fields=field_props(fields),
        submit="Change password",
        done="The password is changed; other sessions have ended.",
    )


def _end_others() -> ActionButton:
    return ActionButton(
        id="end-other-sessions",
        method="DELETE",
        path="me/sessions",
        label="End all others",
        confirm=confirmation("End all other sessions?", "Every browser but this one has to sign in again.", "End them"),
        done="All other sessions have ended.",
    )


def _row(session: BrowserSession) -> list[Tree]:
    end: Tree = ""
    if not session.current:
        end = ActionButton(
            id={"type": "end-session", "id": session.id},
            method="DELETE",
            path=f"me/sessions/{session.id}",
            label="End",
            name=f"End {browser_name(session.user_agent)} from {session.address or 'unknown'}",
            done="The session has ended.",
        )
    name = browser_name(session.user_agent)
    known = html.Span(inline(name, badge("this one", "good") if session.current else None), title=session.user_agent)
    seen = When(at=session.last_seen) if session.last_seen else NOTHING
    return [two_lines(known, None), session.address or NOTHING, seen, When(at=session.created_at), end]
