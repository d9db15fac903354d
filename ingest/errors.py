"""Why ingest refuses a request or an item. Each refusal has a status, a reason of a fixed vocabulary, and causes."""

from __future__ import annotations

from engine.errors import AmberError


class Refused(AmberError):
    """A request that gets no 200.

    Attributes:
        reason: word of the outcome vocabulary (`docs/reference/ingest.md`), counted in `outcomes`.
        causes: what exactly is wrong, from the outside in; shown to the client.
        retry_after_s: value of the `Retry-After` header, None for no such header.
        headers: further headers of the answer.
    """

    code = "refused"

    def __init__(
        self,
        detail: str,
        *,
        status: int,
        reason: str,
        causes: tuple[str, ...] = (),
        retry_after_s: int | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(detail, code=reason)
        self.http_status = status
        self.reason = reason
        self.causes = causes
        self.retry_after_s = retry_after_s
        self.headers = headers


class Malformed(Refused):
    """The bytes are not what the protocol says: 400."""

    def __init__(self, detail: str, *causes: str, reason: str = "malformed") -> None:
        super().__init__(detail, status=400, reason=reason, causes=causes)


class TooLarge(Refused):
    """Over a documented limit: 413."""

    def __init__(self, detail: str, *causes: str, reason: str = "too_large") -> None:
        super().__init__(detail, status=413, reason=reason, causes=causes)


class InvalidItem(AmberError):
    """An item that was acknowledged but cannot become a row; it goes to the dead letters.

    Attributes:
        reason: word of the outcome vocabulary.
    """

    code = "invalid-item"
    http_status = 400

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail, code=reason)
        self.reason = reason
