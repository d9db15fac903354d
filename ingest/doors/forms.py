"""Multipart forms with files (RFC 7578), read part by part: crash reporters send dumps of a hundred megabytes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from ingest.errors import Malformed, TooLarge
from ingest.limits import MIB

MULTIPART = "multipart/form-data"
_IN_MEMORY_BYTES = MIB
_MAX_FIELDS_BYTES = 2 * MIB
_MAX_PARTS = 200


@dataclass(frozen=True, slots=True)
class FormFile:
    """One file of a form; `content` stands at its beginning."""

    name: str
    filename: str
    content_type: str
    content: BinaryIO
    size: int


@dataclass(frozen=True, slots=True)
class Form:
    """A form; closing it drops the files."""

    fields: dict[str, str] = field(default_factory=dict)
    files: list[FormFile] = field(default_factory=list)

    def close(self) -> None:
        """Drop the files."""
        for file in self.files:
            file.content.close()


@contextlib.contextmanager
def form_of(chunks: Iterable[bytes], content_type: str) -> Iterator[Form]:
    """Give the form in a body.

    Args:
        chunks: the decoded body.
        content_type: with its boundary.

    Raises:
        Malformed: the body is not such a form.
        TooLarge: more parts, or longer text fields, than a crash reporter sends.
    """
    boundary = parse_options_header(content_type)[1].get("boundary", "")
    if not boundary:
        raise Malformed("bad form", "the content type names no boundary")
    reader = _Reader(boundary)
    try:
        reader.read(chunks)
        yield reader.form
    finally:
        reader.close()


class _Reader:
    """Takes the parts apart."""

    def __init__(self, boundary: str) -> None:
        self.form = Form()
        self._decoder = MultipartDecoder(
            boundary.encode("latin-1", "replace"), max_form_memory_size=_MAX_FIELDS_BYTES, max_parts=_MAX_PARTS
        )
        self._part: Field | File | None = None
        self._text = bytearray()
        self._file: BinaryIO | None = None

    def read(self, chunks: Iterable[bytes]) -> None:
        """Read the whole form."""
        try:
            for chunk in chunks:
                if self._feed(chunk):
                    return
            if not self._feed(None):
                raise Malformed("bad form", "the form ends early", reason="body_ended_early")
        except RequestEntityTooLarge as error:
            raise TooLarge("the form is too large", f"more than {_MAX_PARTS} parts, or too long fields") from error
        except ValueError as error:
            raise Malformed("bad form", str(error)[:200]) from error

    def close(self) -> None:
        """Drop all files."""
        self.form.close()
        if self._file is not None:
            self._file.close()

    def _feed(self, chunk: bytes | None) -> bool:
        """Take what a chunk completes; return whether the form is at its end."""
        self._decoder.receive_data(chunk)
        while True:
            event = self._decoder.next_event()
            if isinstance(event, NeedData):
                return False
            if isinstance(event, Epilogue):
                return True
            if isinstance(event, Field | File):
                self._begin(event)
            elif isinstance(event, Data):
                self._more(event)

    def _begin(self, part: Field | File) -> None:
        self._part = part
        self._text.clear()
        # A field with a content type of its own is a file too: crash reporters leave the name out.
        if isinstance(part, File):
            self._file = cast("BinaryIO", SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES))  # noqa: SIM115 - kept open

    def _more(self, event: Data) -> None:
        (self._file.write if self._file is not None else self._text.extend)(event.data)
        if event.more_data or self._part is None:
            return
        if isinstance(self._part, File) and self._file is not None:
            size = self._file.tell()
            self._file.seek(0)
            kind = self._part.headers.get("Content-Type", "")
            self.form.files.append(FormFile(self._part.name, self._part.filename, kind, self._file, size))
            self._file = None
        else:
            self.form.fields[self._part.name] = self._text.decode("utf-8", "replace")
        self._part = None
