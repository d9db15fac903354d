"""What can go wrong in the event store, in Amber's words."""

from __future__ import annotations

from engine.errors import AmberError, CapacityError


class LimitExceeded(CapacityError):
    """A statement needed more than its limits allow.

    Attributes:
        limit: name of the `Limits` member that was reached.
    """

    code = "limit-exceeded"
    http_status = 422

    def __init__(self, message: str, *, limit: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.limit = limit


class StoreUnavailable(CapacityError):
    """The store does not answer, or cannot write (disk full, read-only, shutting down)."""

    code = "store-unavailable"


class QueryCancelled(AmberError):
    """Someone stopped the statement with `cancel`."""

    code = "query-cancelled"
    http_status = 409


class StoreRejected(AmberError):
    """The engine refused the statement or the data: a defect in Amber, or data that does not fit the schema.

    Attributes:
        engine_code: ClickHouse's error number, 0 when unknown.
    """

    code = "store-rejected"

    def __init__(self, message: str, *, engine_code: int = 0, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.engine_code = engine_code
