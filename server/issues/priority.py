"""The priority Amber gives an issue, where nobody has chosen one."""

from __future__ import annotations

from typing import Final

from server.issues.states import State

MANY_USERS: Final = 100
"""Users of a day from which an issue comes before those like it."""

_RANKS: Final = ("low", "medium", "high")


def computed_priority(base: str, state: State, users: int) -> str:
    """Return the priority of an issue.

    Args:
        base: what its level and handling make of it.
        state: an escalating issue comes first whatever it is.
        users: whom it has affected in the last 24 hours.
    """
    if state is State.ESCALATING:
        return "high"
    lifted = _RANKS.index(base) + (users >= MANY_USERS)
    return _RANKS[min(lifted, len(_RANKS) - 1)]
