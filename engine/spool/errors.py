"""Errors of the spool."""

from __future__ import annotations

from engine.errors import CapacityError


class SpoolFull(CapacityError):
    """Nothing can be appended for now: the disk or the spool's budget is full. Later it may work again.

    Attributes:
        retry_after_s: when it is worth trying again, in seconds.
    """

    code = "spool-full"

    def __init__(self, message: str, *, retry_after_s: float = 5.0) -> None:
        super().__init__(message, hint="Free disk space, or raise the disk budget of the spool.")
        self.retry_after_s = retry_after_s
