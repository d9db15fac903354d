"""With which saved view a page begins: for oneself, or for everybody in a project."""

from __future__ import annotations

from engine.errors import UserError
from engine.metadata import DefaultView, SavedQueryRow
from iam.administration.base import entry
from iam.administration.saved import SavedPart
from iam.model import Action, Principal

VIEW = ("view",)
EVERYBODY = 0
"""Stands for the person of a default that is everybody's."""


class ViewPart(SavedPart):
    """Default views. The person's own comes before everybody's, a project's before that of several."""

    def default_views(self, principal: Principal, page: str) -> list[DefaultView]:
        """Return the defaults of a page: everybody's and the principal's own; each may be of a view they do not see."""
        return self._metadata.default_views(page, principal.user_id)

    def set_default_view(self, principal: Principal, number: int, project: str | None, *, everybody: bool) -> None:
        """Let the page of a view begin with it, in one project or when several are chosen.

        For oneself whoever sees the view may; for everybody it must be shared, and one needs `project.write` there,
        or `organisation.write` without a project.
        """
        row = self.saved_query(principal, number, VIEW)
        if everybody and row.sharing == "private":
            raise UserError(
                "Only a shared view can be everybody's default.", code="view-private", hint="Share it first."
            )
        default = self._default(principal, row, project, everybody=everybody)
        details = {"page": default.page, "project": default.project_id, "everybody": everybody}
        audit = entry(principal, "view.default", f"view:{row.content.name}", id=row.id, **details)
        self._metadata.set_default_view(default, audit=audit)

    def drop_default_view(self, principal: Principal, number: int, project: str | None, *, everybody: bool) -> None:
        """Let the page of a view no longer begin with it; rights as for setting it."""
        row = self.saved_query(principal, number, VIEW)
        default = self._default(principal, row, project, everybody=everybody)
        audit = entry(principal, "view.default", f"view:{row.content.name}", id=row.id, page=default.page, dropped=True)
        self._metadata.drop_default_view(default, audit=audit)

    def _default(
        self, principal: Principal, row: SavedQueryRow, project: str | None, *, everybody: bool
    ) -> DefaultView:
        if not everybody and not principal.user_id:
            raise UserError("Only people have defaults.", code="default-of-nobody", hint="Sign in, or say `everybody`.")
        needed = Action.PROJECT_WRITE if everybody else Action.PROJECT_READ
        number = 0 if project is None else self._project(principal, project, needed).id
        if everybody and project is None:
            self._allow(principal, Action.ORGANISATION_WRITE, self._organisation_resource())
        owner = EVERYBODY if everybody else principal.user_id
        return DefaultView(row.content.language, number, owner, row.id)
