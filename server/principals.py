"""Who asks: a bearer token becomes a principal, and a principal the projects it may see."""

from __future__ import annotations

import difflib
import hmac
from dataclasses import dataclass

from engine.clock import Clock
from engine.metadata import MetadataStore
from iam import Unauthenticated
from queries.errors import NameProblem

LOCAL_NAME = "local"
"""Audit name of the token in `run/server.json`: whoever may read the data directory."""

EMBEDDED_NAME = "embedded"
"""Audit name of a program that opens the data directory itself."""


@dataclass(frozen=True, slots=True)
class Principal:
    """The one who asks.

    Attributes:
        name: for logs and audit.
        project_ids: projects it may see; None means every project.
        token_id: number of its token, 0 for who needs none. Names of tokens may repeat, so what belongs to a
            principal (its running queries) is told by name and number.
    """

    name: str
    project_ids: frozenset[int] | None
    token_id: int = 0


class Authenticator:
    """Turns an `Authorization` header into a principal.

    Args:
        metadata: holds the hashes of the tokens.
        clock: for expiry.
        local_token: the token of `run/server.json`, empty when there is none.
    """

    def __init__(self, metadata: MetadataStore, clock: Clock, local_token: str = "") -> None:
        self._metadata = metadata
        self._clock = clock
        self._local_token = local_token

    def authenticate(self, authorization: str) -> Principal:
        """Return the principal of an `Authorization: Bearer TOKEN` header.

        Raises:
            Unauthenticated: there is none, or the token is unknown or expired; the text does not say which.
        """
        scheme, _, token = authorization.strip().partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated(
                "This needs a token.", hint="Send `Authorization: Bearer TOKEN`; `amber init` prints a token."
            )
        if self._local_token and hmac.compare_digest(token.encode(), self._local_token.encode()):
            return Principal(LOCAL_NAME, None)
        found = self._metadata.find_token(token)
        if found is None or found.expired(self._clock.now()):
            raise Unauthenticated("The token is not valid.", hint="`amber init --new-token` makes another.")
        ids = None if found.project_ids is None else frozenset(found.project_ids)
        return Principal(f"token:{found.name}", ids, found.id)


def visible_projects(metadata: MetadataStore, principal: Principal) -> dict[int, str]:
    """Return the live projects a principal may see: slug by id."""
    return {
        project.id: project.slug
        for project in metadata.projects()
        if principal.project_ids is None or project.id in principal.project_ids
    }


def chosen_projects(visible: dict[int, str], wanted: tuple[str | int, ...]) -> dict[int, str]:
    """Return the visible projects cut by the ones a request names, by slug or id.

    Raises:
        NameProblem: one does not exist or may not be seen; both read the same.
    """
    if not wanted:
        return visible
    by_name = {**{slug: number for number, slug in visible.items()}, **{str(number): number for number in visible}}
    chosen: dict[int, str] = {}
    for name in wanted:
        number = by_name.get(str(name))
        if number is None:
            near = difflib.get_close_matches(str(name), visible.values(), n=1)
            raise NameProblem(
                f"There is no project called {str(name)!r}.",
                code="query-unknown-project",
                suggestion=f"Did you mean {near[0]!r}?" if near else "",
            )
        chosen[number] = visible[number]
    return chosen
