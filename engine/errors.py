"""The one error tree. The type says whose fault it is; the error says what to do.

Every package raises subclasses of these four. `code` is stable and documented, `hint` says what to do next.
"""

from __future__ import annotations


class AmberError(Exception):
    """Base of all errors Amber raises on purpose.

    Attributes:
        code: stable machine-readable name, kebab-case.
        hint: what the reader can do about it, or an empty string.
    """

    code: str = "error"
    http_status: int = 500

    def __init__(self, message: str, *, code: str | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip() if self.hint else self.message


class UserError(AmberError):
    """The input is wrong; the same call will fail again."""

    code = "bad-input"
    http_status = 400


class NotFound(UserError):
    """What is named does not exist, or the caller may not know of it; both read the same."""

    code = "unknown"
    http_status = 404


class AccessError(AmberError):
    """The caller may not do this, or is not known."""

    code = "forbidden"
    http_status = 403


class StateError(AmberError):
    """The installation is not in the state the call needs (locked, too new, missing)."""

    code = "bad-state"
    http_status = 409


class Changed(StateError):
    """Somebody else changed it since the caller looked: the version asked for is not the present one."""

    code = "changed-meanwhile"
    http_status = 412


class CapacityError(AmberError):
    """A limit or a budget is spent (time, memory, rows, disk); later or smaller it may work."""

    code = "capacity"
    http_status = 503
