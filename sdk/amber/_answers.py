"""Answers as Arrow streams, read so that one that was cut off is never taken for a shorter one."""

from __future__ import annotations

import http.client
import io
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from amber._errors import ConnectionFailed
from amber._transport import RawStream

if TYPE_CHECKING:
    import pyarrow as pa

_END_OF_STREAM: Final = b"\xff\xff\xff\xff\x00\x00\x00\x00"  # Arrow columnar format, "IPC Streaming Format"


class _Body(io.RawIOBase):
    """The body of an answer as Arrow reads it, remembering its last bytes.

    Arrow takes the end of input between two messages for the end of the stream, so an answer that was cut off
    there would pass for a shorter one. A complete stream ends with Arrow's end-of-stream marker.
    """

    def __init__(self, response: http.client.HTTPResponse) -> None:
        super().__init__()
        self._response = response
        self._tail = b""

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most `size`."""
        data = self._response.read(None if size < 0 else size)
        self._tail = (self._tail + data)[-len(_END_OF_STREAM) :]
        return data

    @property
    def complete(self) -> bool:
        """Whether what was read ends as a whole stream does."""
        return self._tail == _END_OF_STREAM


def read_table(response: http.client.HTTPResponse) -> pa.Table:
    """The rows of a whole answer.

    Raises:
        ConnectionFailed: it broke off.
    """
    import pyarrow as pa  # noqa: PLC0415 - 150 ms that `import amber` does not need
    import pyarrow.ipc  # noqa: PLC0415

    body = _Body(response)
    try:
        with pyarrow.ipc.open_stream(body) as reader:
            table = reader.read_all()
    except (pa.ArrowException, OSError, http.client.HTTPException) as error:
        raise ConnectionFailed(f"The answer broke off: {error}.", code="broken-answer") from error
    if not body.complete:
        raise ConnectionFailed("The answer broke off: its end is missing.", code="broken-answer")
    return table


def read_stream(response: http.client.HTTPResponse) -> RawStream:
    """The rows of an answer as they come; what breaks off raises `ConnectionFailed` where it does."""
    import pyarrow as pa  # noqa: PLC0415 - 150 ms that `import amber` does not need
    import pyarrow.ipc  # noqa: PLC0415

    body = _Body(response)
    broken = (pa.ArrowException, OSError, http.client.HTTPException)
    try:
        reader = pyarrow.ipc.open_stream(body)
    except broken as error:
        raise ConnectionFailed(f"The answer broke off: {error}.", code="broken-answer") from error

    def batches() -> Iterator[pa.RecordBatch]:
        try:
            yield from reader
        except broken as error:
            raise ConnectionFailed(f"The answer broke off: {error}.", code="broken-answer") from error
        if not body.complete:
            raise ConnectionFailed("The answer broke off: its end is missing.", code="broken-answer")

    return RawStream(reader.schema, description(reader.schema), batches())


def description(schema: pa.Schema) -> dict[str, Any]:
    """What the server said of an answer: the `meta` of `RawResult`.

    Raises:
        ConnectionFailed: it cannot be read.
    """
    raw = (schema.metadata or {}).get(b"amber")
    if not raw:
        return {}
    try:
        found = json.loads(raw)
    except ValueError as error:
        raise ConnectionFailed("The answer's description is not readable.", code="broken-answer") from error
    return found if isinstance(found, dict) else {}
