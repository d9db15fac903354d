"""What the pages need from the server: who asks, and the documents of the API."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from typing import Any, Protocol, TypeVar

import iam

Found = TypeVar("Found")


class Ports(Protocol):
    """The server as the pages see it; every method works inside a request."""

    @property
    def version(self) -> str:
        """Version of the product."""

    @property
    def ingest_url(self) -> str:
        """Base address where SDKs send, such as `http://127.0.0.1:8701`."""

    def principal(self) -> iam.Principal:
        """Return who makes the request.

        Raises:
            engine.errors.AccessError: nobody is signed in.
        """

    def read(self, path: str, **query: Any) -> dict[str, Any]:
        """Return the document of `GET /api/v1/<path>` for the request's principal.

        Args:
            path: without the prefix, such as `issues/SHOP-12`.
            query: parameters; a list stands for a repeated one.

        Raises:
            engine.errors.AmberError: as the API would answer, with its code and hint.
        """


def meanwhile(read: Callable[[], Found]) -> Future[Found]:
    """Begin to read a document in a thread of its own, inside the request; its result, or error, is the future's.

    For a page of two documents of which neither needs the other: their statements run at the same time.
    """
    future: Future[Found] = Future()
    context = copy_context()

    def work() -> None:
        try:
            future.set_result(context.run(read))
        except BaseException as error:  # noqa: BLE001 - whoever asks for the result gets it
            future.set_exception(error)

    threading.Thread(target=work, name="page", daemon=True).start()
    return future
