"""Refusals: who is not known, who may not, who comes too often."""

from __future__ import annotations

from engine.errors import AccessError, UserError


class Denied(AccessError):
    """The principal is known and may not do this; the message says what would be needed."""

    code = "forbidden"
    http_status = 403


class Unauthenticated(AccessError):
    """There is no token or session, or it is unknown, expired or its person is disabled; which one is not said."""

    code = "unauthenticated"
    http_status = 401


class TooManyAttempts(AccessError):
    """Too many failed log-ins for the account or from the address.

    Attributes:
        retry_after_s: seconds until the next attempt is looked at.
    """

    code = "too-many-attempts"
    http_status = 429

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(
            "There were too many failed attempts.",
            hint=f"Try again in {retry_after_s} seconds; `amber user reset-password` helps who forgot.",
        )
        self.retry_after_s = retry_after_s


class ProjectUnknown(UserError):
    """A request names a project that does not exist or may not be seen; both read the same.

    Attributes:
        suggestion: the nearest visible name as a question, or an empty string.
    """

    code = "query-unknown-project"

    def __init__(self, name: str, suggestion: str) -> None:
        super().__init__(f"There is no project called {name!r}.", hint=suggestion)
        self.suggestion = suggestion
