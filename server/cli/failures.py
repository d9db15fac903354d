"""How the command line shows errors, and which exit status each kind has.

| status | meaning |
|---|---|
| 0 | done |
| 1 | Amber failed; the message and the log say where |
| 2 | wrong input: options, settings, query text |
| 3 | the token is unknown or may not do this |
| 4 | the installation is not in the state the call needs: locked, too new, not running, port taken |
| 5 | a limit or budget is spent: time, memory, rows, disk |
| 130 | interrupted or cancelled |
"""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from engine.errors import AccessError, AmberError, CapacityError, StateError, UserError

INTERNAL, USAGE, ACCESS, STATE, CAPACITY, INTERRUPTED = 1, 2, 3, 4, 5, 130
_STATUS_BY_KIND: tuple[tuple[type[AmberError], int], ...] = (
    (UserError, USAGE),
    (AccessError, ACCESS),
    (StateError, STATE),
    (CapacityError, CAPACITY),
)


class Shown(AmberError):
    """An error whose lines and exit status are already decided, such as one the server answered.

    Attributes:
        picture: further lines, such as the query text with a caret line.
        status: exit status.
    """

    def __init__(
        self, message: str, *, code: str, hint: str = "", picture: tuple[str, ...] = (), status: int = INTERNAL
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.picture = picture
        self.status = status


def exit_status(error: AmberError) -> int:
    """Return the exit status of an error."""
    if isinstance(error, Shown):
        return error.status
    return next((status for kind, status in _STATUS_BY_KIND if isinstance(error, kind)), INTERNAL)


def print_failure(error: AmberError) -> None:
    """Print an error on stderr: what, where in the text, its code, what to do."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(Text.assemble(("Error: ", "bold red"), error.message, (f" [{error.code}]", "dim")))
    if isinstance(error, Shown):
        for line in error.picture:
            console.print(Text(line))
    if error.hint:
        console.print(Text(error.hint, style="cyan"))
