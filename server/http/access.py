"""What a route asks of whoever comes: an action of `iam`, or nothing, with the reason why it is public."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from iam import ACTIONS, Action

PROBLEM_REF = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


@dataclass(frozen=True, slots=True)
class Access:
    """The access of one route; exactly one of the two is set.

    Attributes:
        action: what is decided before the route runs. A route with `<project>` in its path decides on that project;
            one about projects without it wants at least one project on which the action is allowed.
        public: why anybody may.
    """

    action: Action | None = None
    public: str = ""

    def __post_init__(self) -> None:
        if (self.action is None) != bool(self.public):
            raise ValueError("an access is an action, or public with a reason")

    def described(self) -> dict[str, str]:
        """Return the access for the OpenAPI document."""
        if self.action is None:
            return {"public": self.public}
        scope = ACTIONS[self.action].scope
        return {"action": self.action.value, "scope": "no token may" if scope is None else scope or "none needed"}

    def security(self) -> list[dict[str, list[str]]]:
        """Return the security requirement for the OpenAPI document."""
        return [] if self.action is None else [{"token": []}, {"session": []}]

    def answers(self) -> dict[int, Any]:
        """Return the refusals of the guard, for the OpenAPI document."""
        if self.action is None:
            return {}
        return {
            401: {"description": "No valid token or session.", "content": PROBLEM_REF},
            403: {"description": "The principal may not do this.", "content": PROBLEM_REF},
        }


def needs(action: Action) -> Access:
    """Return the access of a route that asks for an action."""
    return Access(action)


def public(reason: str) -> Access:
    """Return the access of a route anybody may use."""
    return Access(public=reason)
