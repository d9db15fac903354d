"""Help with writing texts: completion, explanations, diagnostics, formatting, plain English.

The answers are those of the Discover page's editor, from the same module of the server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol, runtime_checkable

from amber._errors import AmberError
from amber._transport import Transport


@runtime_checkable
class EditorTransport(Protocol):
    """A transport that also helps to write texts."""

    def assist(self, verb: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer of `/api/v1/query/VERB`, nothing of which runs the text.

        Raises:
            AmberError: as any call.
        """
        ...


class Editor:
    """What helps to write a text, for notebooks and editors; get one by `client.editor`.

    Positions count the characters before the cursor.
    """

    def __init__(self, transport: Transport) -> None:
        if not isinstance(transport, EditorTransport):
            raise AmberError("This connection gives no help with texts.", code="editor-unsupported")
        self._transport = transport

    def complete(
        self, text: str, cursor: int | None = None, *, language: Literal["discover", "sql"] = "discover"
    ) -> Sequence[Mapping[str, Any]]:
        """What may stand at the cursor, best first: `label`, `insert`, `kind`, `detail`, of values `count` as well.

        Args:
            text: the text so far.
            cursor: where the cursor is; the end when left out.
            language: of the text.
        """
        place = len(text) if cursor is None else cursor
        body = {"query": text, "cursor": place, "language": language, "values": True}
        found: Sequence[Mapping[str, Any]] = self.answer("complete", body)["items"]
        return found

    def answer(self, verb: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The whole answer of `POST /api/v1/query/VERB`, as docs/reference/http.md has it."""
        return self._transport.assist(verb, body)

    def hover(self, text: str, cursor: int) -> Mapping[str, Any] | None:
        """What the field, function, stage or word at a place is, or None."""
        found: Mapping[str, Any] | None = self._transport.assist("hover", {"query": text, "cursor": cursor})["hover"]
        return found

    def check(self, text: str) -> Sequence[Mapping[str, Any]]:
        """What is wrong or odd in a text: `severity`, `message`, `span`, `suggestion`."""
        found: Sequence[Mapping[str, Any]] = self._transport.assist("check", {"query": text})["diagnostics"]
        return found

    def english(self, text: str) -> str | None:
        """What a text says in plain English; None when it cannot be read."""
        found: str | None = self._transport.assist("check", {"query": text})["english"]
        return found

    def format(self, text: str) -> str:
        """A text in its canonical form, one stage a line when it is long.

        Raises:
            QueryError: it cannot be read.
        """
        return str(self._transport.assist("format", {"query": text})["query"])
