"""People of the organisation, and one's own account."""

from __future__ import annotations

from engine.errors import Changed, NotFound, UserError
from engine.metadata import AuditEntry, RoleRow, UserRow
from iam.administration.base import AdministrationBase, check_gift, check_no_token, check_reach, entry
from iam.attempts import account_delay, count_attempt
from iam.identity import LINK_LIFE
from iam.model import Action, Kind, Principal, Resource, Role
from iam.passwords import check_password, hash_password, matches


class PeoplePart(AdministrationBase):
    """Who belongs to the organisation, and as what."""

    def users(self, principal: Principal) -> list[UserRow]:
        """Return all people by id."""
        self._allow(principal, Action.MEMBER_READ, self._organisation_resource())
        return self._metadata.users()

    def user(self, principal: Principal, user_id: int) -> UserRow:
        """Return a person; everybody may see themselves."""
        if not principal.user_id or user_id != principal.user_id:
            self._allow(principal, Action.MEMBER_READ, self._organisation_resource())
        else:
            self._allow(principal, Action.SELF_READ, Resource(Kind.USER, user_id=user_id))
        return self._metadata.user(user_id)

    def roles_of(self, principal: Principal, user_id: int) -> list[RoleRow]:
        """Return every role of a person, on the organisation, teams and projects."""
        user = self.user(principal, user_id)
        return self._metadata.person(user.id)[1]

    def invite_user(self, principal: Principal, email: str, name: str, role: Role | None) -> tuple[UserRow, str]:
        """Add a person; return them with the secret of a one-time link that lets them in and choose a password.

        Args:
            principal: who invites.
            email: where the link goes; Amber does not send it.
            name: what others will call them.
            role: on the organisation; None for who gets roles on teams or projects only.
        """
        resource = self._organisation_resource()
        self._allow(principal, Action.MEMBER_WRITE, resource)
        check_reach(principal, resource, role)
        check_gift(principal, resource, role)
        audit = entry(principal, "user.invite", f"user:{email.strip().lower()}", name=name, role=role)
        user = self._metadata.create_user(email, name=name, role=role or "", audit=audit)
        return user, self._link(principal, user)

    def set_user_role(
        self, principal: Principal, user_id: int, role: Role | None, *, if_version: int | None = None
    ) -> UserRow:
        """Change somebody's role on the organisation; None takes it away, roles on teams and projects stay."""
        user = self._managed_user(principal, user_id, if_version)
        check_reach(principal, self._organisation_resource(), role)
        check_gift(principal, self._organisation_resource(), role)
        audit = entry(principal, "user.role", f"user:{user.email}", after=role)
        return self._metadata.set_user_role(user.id, role, if_version=user.row_version, audit=audit)

    def disable_user(self, principal: Principal, user_id: int, *, if_version: int | None = None) -> UserRow:
        """Keep somebody out: their sessions end, and their tokens are dead until they are enabled again."""
        if user_id == principal.user_id:
            raise UserError("Nobody can disable themselves.", code="user-self", hint="Ask another administrator.")
        user = self._managed_user(principal, user_id, if_version)
        audit = entry(principal, "user.disable", f"user:{user.email}")
        return self._metadata.set_user_disabled(user.id, disabled=True, if_version=user.row_version, audit=audit)

    def enable_user(self, principal: Principal, user_id: int, *, if_version: int | None = None) -> UserRow:
        """Let somebody in again."""
        user = self._managed_user(principal, user_id, if_version)
        audit = entry(principal, "user.enable", f"user:{user.email}")
        return self._metadata.set_user_disabled(user.id, disabled=False, if_version=user.row_version, audit=audit)

    def make_link(self, principal: Principal, user_id: int) -> str:
        """Return the secret of a link with which somebody signs in once, within a day; nothing for tokens."""
        check_no_token(principal)
        user = self._managed_user(principal, user_id, None)
        if user.disabled_at is not None:
            raise UserError(f"{user.email} is disabled.", code="user-disabled", hint="Enable the account first.")
        return self._link(principal, user)

    def reset_password(self, principal: Principal, user_id: int, new: str) -> UserRow:
        """Set somebody's password; their sessions end. PasswordWeak when the text may not be one."""
        user = self._managed_user(principal, user_id, None)
        check_password(new, user.email)
        audit = entry(principal, "user.password", f"user:{user.email}")
        return self._metadata.set_password(user.id, hash_password(new), audit=audit)

    # One's own account

    def change_own_password(self, principal: Principal, old: str, new: str) -> None:
        """Change one's own password; other sessions end.

        Raises:
            UserError: with code `password-wrong`; the old one is not right.
            TooManyAttempts: the delay after wrong ones is not over.
            PasswordWeak: the new text may not be the password.
        """
        user = self._self(principal)
        # Not the subject of signing in: strangers who fail there must not keep its owner from changing the password.
        subject = f"password:{user.id}"
        count_attempt(self._metadata, self._clock, {subject: account_delay})
        found = self._metadata.credentials(user.email)
        if found is None or found.password_hash is None or not matches(found.password_hash, old):
            raise UserError("The present password is not right.", code="password-wrong")
        self._metadata.forgive_attempt(subject, "")
        check_password(new, user.email)
        audit = _own(principal, "self.password")
        self._metadata.set_password(user.id, hash_password(new), keep_session=principal.session_id, audit=audit)

    def set_own_name(self, principal: Principal, name: str) -> UserRow:
        """Change what others call one."""
        user = self._self(principal)
        audit = _own(principal, "self.name", before=user.name, after=name)
        return self._metadata.set_user_name(user.id, name, audit=audit)

    def _self(self, principal: Principal) -> UserRow:
        if not principal.user_id:
            raise NotFound("Only people have an account.", code="user-unknown")
        self._allow(principal, Action.SELF_WRITE, Resource(Kind.USER, user_id=principal.user_id))
        return self._metadata.user(principal.user_id)

    def _managed_user(self, principal: Principal, user_id: int, if_version: int | None) -> UserRow:
        """Return a person the principal may change; what is written then must still be of this version."""
        resource = self._organisation_resource()
        self._allow(principal, Action.MEMBER_WRITE, resource)
        user = self._metadata.user(user_id)
        check_reach(principal, resource, user.role)
        if if_version is not None and if_version != user.row_version:
            raise Changed("The user was changed meanwhile.", hint="Read it again, and repeat.")
        return user

    def _link(self, principal: Principal, user: UserRow) -> str:
        audit = entry(principal, "user.link", f"user:{user.email}")
        return self._metadata.create_link(user.id, expires_at=self._clock.now() + LINK_LIFE, audit=audit)


def _own(principal: Principal, action: str, **details: str) -> AuditEntry:
    return entry(principal, action, principal.name, **details)
