"""API tokens at the door of ingest: which project a token may send to."""

from __future__ import annotations

from engine.errors import UserError
from engine.metadata import MetadataStore
from iam import Action, Identity, Unauthenticated, chosen_projects, visible_projects
from ingest.errors import Refused


class IngestTokens:
    """Knows API tokens; `ingest.edge.TokenDoor` of the web port.

    Args:
        identity: who a token is.
        metadata: the projects.
    """

    def __init__(self, identity: Identity, metadata: MetadataStore) -> None:
        self._identity = identity
        self._metadata = metadata

    def project_of(self, token: str, project: str) -> int:
        """Return the project a token may send to.

        Args:
            token: as sent.
            project: short name or number; may be empty when the token reaches one project only.

        Raises:
            Refused: 401, no such token; 403, it may not send to this project; 400, which of several is not said.
        """
        try:
            principal = self._identity.by_token(token)
        except Unauthenticated as error:
            raise Refused("not authenticated", status=401, reason="unknown_token", causes=(error.message,)) from error
        reached = visible_projects(self._metadata, principal, Action.INGEST_WRITE)
        try:
            chosen = chosen_projects(reached, (project,) if project else ())
        except UserError as error:
            causes = ("no such project, or the token lacks the scope ingest:write on it",)
            raise Refused("not authorised", status=403, reason="wrong_project", causes=causes) from error
        if len(chosen) > 1:
            raise Refused(
                "which project", status=400, reason="bad_project", causes=("say ?project=, the token reaches several",)
            )
        if not chosen:
            causes = ("the token may not send to any project: it needs the scope ingest:write",)
            raise Refused("not authorised", status=403, reason="wrong_project", causes=causes)
        return next(iter(chosen))
