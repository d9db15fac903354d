"""API tokens: they carry their person's rights, cut by scopes and projects."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from engine.errors import NotFound, UserError
from engine.metadata import TokenRow
from iam.actions import SCOPES
from iam.administration.base import AdministrationBase, entry
from iam.errors import Denied
from iam.model import Action, Kind, Principal, Resource
from iam.policy import decide, implied_scopes
from iam.projects import visible_projects

_LAST_EXPIRY = datetime(9999, 1, 1, tzinfo=UTC)
"""Later moments may have no date in another zone."""


class TokenPart(AdministrationBase):
    """Tokens."""

    def tokens(self, principal: Principal, *, everyone: bool = False) -> list[TokenRow]:
        """Return one's own tokens by id, or those of everybody."""
        owner = 0 if everyone else principal.user_id
        self._allow(principal, Action.TOKEN_READ, self._token_resource(owner))
        return [row for row in self._metadata.tokens() if everyone or row.user_id == principal.user_id]

    def create_token(
        self,
        principal: Principal,
        name: str,
        scopes: Sequence[str],
        project_ids: Sequence[int] | None = None,
        expires_at: datetime | None = None,
    ) -> tuple[str, TokenRow]:
        """Create a token of one's own and return its text, which is shown once and not stored, with its row.

        Args:
            principal: the person, or a token of theirs, which cannot give more than it has.
            name: what people call it.
            scopes: names of `SCOPES`, at least one.
            project_ids: projects it is cut to; None for every project its person may see, now and later.
            expires_at: None for never, which a token with an end of its own cannot give.
        """
        if not principal.user_id:
            raise UserError("A token belongs to a person.", code="token-nobody", hint="Name one: `--user EMAIL`.")
        self._allow(principal, Action.TOKEN_WRITE, self._token_resource(principal.user_id))
        self._check_gift(principal, scopes, project_ids)
        if not name.strip():
            raise UserError("A token needs a name.", code="name-invalid", hint="Say what it is for.")
        self._check_expiry(principal, expires_at)
        audit = entry(
            principal,
            "token.create",
            f"token:{name.strip()}",
            user_id=principal.user_id,
            scopes=sorted(set(scopes)),
            project_ids=None if project_ids is None else sorted(set(project_ids)),
            expires_at=None if expires_at is None else expires_at.isoformat(),
        )
        return self._metadata.create_token(
            name, project_ids, expires_at=expires_at, user_id=principal.user_id, scopes=scopes, audit=audit
        )

    def revoke_token(self, principal: Principal, token_id: int) -> None:
        """Make a token invalid at once: one's own, or anybody's for who administers people."""
        found = next((row for row in self._metadata.tokens() if row.id == token_id), None)
        if found is None or not decide(principal, Action.TOKEN_READ, self._token_resource(found.user_id)):
            raise NotFound("There is no such token.", code="token-unknown")
        self._allow(principal, Action.TOKEN_WRITE, self._token_resource(found.user_id))
        audit = entry(principal, "token.revoke", f"token:{found.name}", id=found.id, user_id=found.user_id)
        self._metadata.delete_token(found.id, audit=audit)

    def _token_resource(self, user_id: int) -> Resource:
        return Resource(Kind.TOKEN, organisation_id=self._organisation().id, user_id=user_id)

    def _check_expiry(self, principal: Principal, expires_at: datetime | None) -> None:
        """Raise unless the end is to come, can be stored, and is not behind that of the token that makes this one."""
        if expires_at is not None and not self._clock.now() < expires_at < _LAST_EXPIRY:
            raise UserError("The token would be over already, or lasts too long.", code="expiry-invalid")
        if not principal.token_id:
            return
        own = next((row.expires_at for row in self._metadata.tokens() if row.id == principal.token_id), None)
        if own is not None and (expires_at is None or expires_at > own):
            raise Denied("A token cannot make one that outlives it.")

    def _check_gift(self, principal: Principal, scopes: Sequence[str], project_ids: Sequence[int] | None) -> None:
        """Raise unless the maker has what the new token is to carry."""
        unknown = sorted(set(scopes) - set(SCOPES))
        if unknown or not scopes:
            raise UserError(
                f"There are no scopes called {', '.join(unknown)}." if unknown else "A token needs a scope.",
                code="scope-unknown",
                hint=f"Scopes are {', '.join(SCOPES)}.",
            )
        if principal.scopes is not None and not implied_scopes(scopes) <= implied_scopes(principal.scopes):
            raise Denied("A token cannot give scopes it does not have.")
        visible = visible_projects(self._metadata, principal, Action.PROJECT_READ)
        if principal.scopes is not None:
            visible |= visible_projects(self._metadata, principal)
        missing = sorted(set(project_ids or ()) - visible.keys())
        if missing:
            raise NotFound(f"There is no project {missing[0]}.", code="project-unknown")
