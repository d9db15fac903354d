"""`/api/v1/dead-letters`: what was accepted and could not be stored."""

from __future__ import annotations

import base64
from http import HTTPMethod
from typing import Any, Literal

from flask import Response
from pydantic import BaseModel, Field

from engine.errors import StateError
from iam import Action
from server.dead_letters import DeadLetterService, letter_facts
from server.http.access import needs
from server.http.documents.common import BODY, CONFLICT, NOT_FOUND, Document, Input
from server.http.guard import principal
from server.http.routes import Routes, answer
from server.http.services import Services

LetterKind = Literal["", "invalid", "set_aside", "undecodable", "rejected"]
_READ = needs(Action.DEADLETTER_READ)
_WRITE = needs(Action.DEADLETTER_WRITE)


class LetterQuery(BaseModel):
    """Which letters."""

    kind: LetterKind = Field("", description="Only this kind; empty for all.")
    limit: int = Field(100, ge=1, le=1000, description="Most letters.")


class LetterId(BaseModel):
    """One letter."""

    id: str = Field(max_length=300, description="As the list shows it.")


class LetterDocument(Document):
    """A dead letter."""

    id: str
    received_at: str
    kind: str
    reason: str
    item_type: str
    project_id: int
    event_id: str
    bytes: int
    detail: str


class LetterBody(LetterDocument):
    """A dead letter with what was sent."""

    header: str = Field(description="Header of the item, JSON.")
    body_base64: str = Field(description="The payload as it was sent.")


class LetterPage(Document):
    """Dead letters, oldest first."""

    items: list[LetterDocument]


class LetterChoice(Input):
    """Which letters: by id, or all, or all of a kind."""

    ids: list[str] = Field(default_factory=list, max_length=10_000)
    all: bool = False
    kind: LetterKind = ""


class LettersDone(Document):
    """How many it was done to."""

    done: int


def dead_letter_routes(services: Services) -> Routes:
    """Return the routes of dead letters."""
    routes = Routes("dead letters", "What was accepted and could not be stored: look at it, send it again, drop it.")

    def letters() -> DeadLetterService:
        if services.dead_letters is None:
            raise StateError("There are no dead letters here.", code="no-dead-letters")
        return services.dead_letters

    @routes.on(HTTPMethod.GET, "/dead-letters", _READ, {200: LetterPage})
    def list_letters(query: LetterQuery) -> Response:
        """List dead letters, oldest first."""
        found = letters().page(kind=query.kind, limit=query.limit)
        return answer({"items": [letter_facts(letter) for letter in found]})

    @routes.on(HTTPMethod.GET, "/dead-letters/one", _READ, {200: LetterBody, **NOT_FOUND})
    def one_letter(query: LetterId) -> Response:
        """Return one with its payload; ids have slashes, so it stands in the query."""
        letter = letters().one(query.id)
        shown: dict[str, Any] = letter_facts(letter)
        body = base64.b64encode(letter.body).decode()
        return answer({**shown, "header": letter.header.decode("utf-8", "replace"), "body_base64": body})

    @routes.on(HTTPMethod.POST, "/dead-letters/replay", _WRITE, {200: LettersDone, **CONFLICT, **BODY})
    def replay_letters(body: LetterChoice) -> Response:
        """Send letters through the pipeline again; one that fails again comes back under a new id."""
        done = letters().replay(principal(), body.ids, kind=body.kind, everything=body.all)
        return answer({"done": done})

    @routes.on(HTTPMethod.POST, "/dead-letters/drop", _WRITE, {200: LettersDone, **CONFLICT, **BODY})
    def drop_letters(body: LetterChoice) -> Response:
        """Drop letters for good."""
        return answer({"done": letters().drop(principal(), body.ids, kind=body.kind, everything=body.all)})

    return routes
