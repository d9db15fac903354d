"""One HTTP request of a client, read from its WSGI environment: bodies are read bounded, forms are never parsed.

The content type does not decide how a body is read: browsers call their envelopes `text/plain`, others say nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from ingest.errors import Malformed, TooLarge

Environ = Mapping[str, Any]

_READ_BYTES = 64 * 1024
_NO_ARGUMENTS: Mapping[str, str] = {}


@dataclass(slots=True)
class Call:
    """A request.

    Attributes:
        environ: the WSGI environment.
        arguments: parts of the path, by the names of the endpoint's rule.
        received_bytes: bytes of the body read so far.
    """

    environ: Environ
    arguments: Mapping[str, str] = field(default_factory=lambda: _NO_ARGUMENTS)
    received_bytes: int = 0

    @property
    def method(self) -> str:
        """The method in upper case."""
        return str(self.environ["REQUEST_METHOD"])

    @property
    def path(self) -> str:
        """The path below the mount point."""
        return str(self.environ.get("PATH_INFO", ""))

    @property
    def query(self) -> str:
        """The query string as sent."""
        return str(self.environ.get("QUERY_STRING", ""))

    @property
    def project(self) -> str:
        """The project part of the path, empty when the path has none."""
        return self.arguments.get("project", "")

    @property
    def content_type(self) -> str:
        """The content type without parameters, in lower case."""
        return str(self.environ.get("CONTENT_TYPE", "") or "").partition(";")[0].strip().lower()

    @property
    def content_length(self) -> int | None:
        """The length the client announced, None when it did not (a chunked body, or none)."""
        length = self.environ.get("CONTENT_LENGTH")
        if not length:
            return None
        return int(length) if length.isascii() and length.isdigit() and len(length) < 19 else 0

    @property
    def remote_addr(self) -> str:
        """Address of the peer; the WSGI server has looked through a trusted proxy."""
        return self.environ.get("REMOTE_ADDR", "") or ""

    @property
    def user_agent(self) -> str:
        """The User-Agent header."""
        return str(self.environ.get("HTTP_USER_AGENT", ""))

    def header(self, name: str) -> str:
        """Return a header's value, empty when it was not sent."""
        return str(self.environ.get("HTTP_" + name.upper().replace("-", "_"), ""))

    def parameter(self, name: str) -> str:
        """Return the first value of a query parameter, empty when there is none."""
        if name not in self.query:
            return ""
        try:
            return str(parse_qs(self.query, max_num_fields=200).get(name, [""])[0])
        except ValueError as error:
            raise Malformed("bad request", f"the query string: {error}") from error

    def chunks(self, max_bytes: int) -> Iterator[bytes]:
        """Yield the body as it comes, chunked or not, refusing it as soon as it is known to be too large.

        Raises:
            TooLarge: the body has more than `max_bytes` bytes.
            Malformed: the connection ended before the announced length.
        """
        stream = self.environ["wsgi.input"]
        announced = self.content_length
        if announced is not None and announced > max_bytes:
            raise _too_large(max_bytes)
        if announced is None and not self.environ.get("wsgi.input_terminated"):
            return
        while announced is None or self.received_bytes < announced:
            wanted = _READ_BYTES if announced is None else min(_READ_BYTES, announced - self.received_bytes)
            part: bytes = stream.read(wanted)
            if not part:
                break
            self.received_bytes += len(part)
            if self.received_bytes > max_bytes:
                raise _too_large(max_bytes)
            yield part
        if announced is not None and self.received_bytes < announced:
            raise Malformed("bad request", "the body ended early", reason="body_ended_early")

    def read(self, max_bytes: int) -> bytes:
        """Return the whole body; the errors of `chunks`."""
        announced = self.content_length
        if announced is None or announced > max_bytes:
            return b"".join(self.chunks(max_bytes))
        body: bytes = self.environ["wsgi.input"].read(announced)
        self.received_bytes += len(body)
        if len(body) < announced:
            raise Malformed("bad request", "the body ended early", reason="body_ended_early")
        return body


def _too_large(max_bytes: int) -> TooLarge:
    return TooLarge("request body is too large", f"body exceeds {max_bytes} bytes")
