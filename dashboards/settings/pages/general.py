"""General: the organisation and one's own name."""

from __future__ import annotations

from dash import html

from dashboards.settings.controls import CopyText, Field, Form, field_props
from dashboards.settings.models import Me, Organisation
from dashboards.settings.parts import Tree, badge, facts, section
from dashboards.settings.rights import Rights
from dashboards.urls import page_url
from iam import Action


def build(organisation: Organisation, me: Me | None, rights: Rights, *, version: str, ingest_url: str) -> list[Tree]:
    """Return the page."""
    parts = [_organisation(organisation, rights)]
    if me is not None:
        parts.append(_self(me, rights))
    server = facts(
        [
            ("Version", version),
            ("Clients send to", CopyText(text=ingest_url, name="Ingest address")),
        ]
    )
    return [*parts, section("This server", server)]


def name_form(me: Me) -> Form:
    """Return the form that changes one's own name."""
    field = Field("name", "Your name", value=me.name, autocomplete="name", required=True)
    return Form(
        id="own-name",
        method="PATCH",
        path="me",
        fields=field_props([field]),
        submit="Save",
        layout="line",
        keep=True,
        done="Your name is saved.",
    )


def _organisation(organisation: Organisation, rights: Rights) -> html.Section:
    if not rights.here(Action.ORGANISATION_WRITE):
        return section("Organisation", facts([("Name", organisation.name)]))
    form = Form(
        id="organisation-name",
        method="PATCH",
        path="organisation",
        fields=field_props([Field("name", "Name", value=organisation.name, required=True)]),
        submit="Save",
        version=organisation.version,
        layout="line",
        keep=True,
        done="The organisation is renamed.",
    )
    return section("Organisation", form)


def _self(me: Me, rights: Rights) -> html.Section:
    role = badge(str(rights.role)) if rights.role else badge("teams and projects only")
    account = html.A("Password and sessions", href=page_url("settings/account"))
    return section("You", name_form(me), facts([("Signed in as", me.email), ("Role", role), ("More", account)]))
