"""Blobs: attachments, recordings, source maps; content-addressed within a project, durable before they are used."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from engine.errors import StateError, UserError
from engine.files import fsync_directory, make_directory

_CHUNK_BYTES = 1024 * 1024
_TEMPORARY = ".tmp"
_SHA256 = re.compile(r"[0-9a-f]{64}")


class BlobTooLarge(UserError):
    """A blob has more bytes than allowed; nothing was kept."""

    code = "blob-too-large"
    http_status = 413


@dataclass(frozen=True, slots=True)
class BlobRef:
    """A stored blob.

    Attributes:
        project_id: the project it belongs to; equal content of two projects is stored twice, so that one can be
            erased.
        sha256: hash of the content, 64 hex digits.
        size: bytes.
    """

    project_id: int
    sha256: str
    size: int


class BlobStore(Protocol):
    """Where blobs are kept."""

    def put(self, project_id: int, content: bytes | BinaryIO, *, max_bytes: int | None = None) -> BlobRef:
        """Store `content`, durably; the same content again gives the same reference.

        Raises:
            BlobTooLarge: there are more than `max_bytes` bytes.
        """
        ...

    def open(self, ref: BlobRef) -> BinaryIO:
        """Return a stream of the content, to be closed by the caller; StateError when it is not there."""
        ...

    def exists(self, ref: BlobRef) -> bool:
        """Return whether the content is there."""
        ...

    def delete(self, ref: BlobRef) -> None:
        """Remove the content; nothing happens when it is not there."""
        ...

    def delete_older(self, ref: BlobRef, than_s: float) -> bool:
        """Remove the content unless it was put since, in seconds since the epoch; return whether it was removed."""
        ...

    def drop_leftovers(self, project_id: int, than_s: float) -> None:
        """Remove what writes that never ended have left, when it is older than that."""
        ...

    def list(self, project_id: int) -> Iterator[BlobRef]:
        """Give every blob of a project, in no order."""
        ...

    def projects(self) -> Sequence[int]:
        """Return the projects that have blobs."""
        ...

    def modified_s(self, ref: BlobRef) -> float:
        """Return when the content was last put, in seconds since the epoch; 0 when it is not there."""
        ...


class FileBlobStore:
    """Blobs as files: `<root>/<project>/<first two digits>/<sha256>`.

    Args:
        root: directory; made when missing.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, project_id: int, content: bytes | BinaryIO, *, max_bytes: int | None = None) -> BlobRef:
        """Store `content`, streaming, durably; the same content again gives the same reference."""
        if isinstance(content, bytes) and (known := self._known(project_id, content, max_bytes)):
            return known
        directory = self._root / str(project_id)
        make_directory(directory, mode=0o700)
        temporary = directory / f".{secrets.token_hex(8)}{_TEMPORARY}"
        try:
            with temporary.open("xb") as file:
                digest, size = _copy(content, file, max_bytes)
                file.flush()
                os.fsync(file.fileno())
            ref = BlobRef(project_id, digest, size)
            path = self._path(ref)
            make_directory(path.parent, mode=0o700)
            temporary.replace(path)
            fsync_directory(path.parent)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return ref

    def _known(self, project_id: int, content: bytes, max_bytes: int | None) -> BlobRef | None:
        """Return the reference of a content that is there already, which counts as put again now."""
        if max_bytes is not None and len(content) > max_bytes:
            raise BlobTooLarge(f"The blob has more than {max_bytes} bytes.")
        ref = BlobRef(project_id, hashlib.sha256(content).hexdigest(), len(content))
        path = self._path(ref)
        try:
            os.utime(path)
        except FileNotFoundError:
            return None
        # Whoever put it may not have come this far yet.
        fsync_directory(path.parent)
        return ref

    def open(self, ref: BlobRef) -> BinaryIO:
        """Return a stream of the content."""
        try:
            return self._path(ref).open("rb")
        except FileNotFoundError as error:
            raise StateError(
                f"There is no blob {ref.sha256} in project {ref.project_id}.", code="blob-missing"
            ) from error

    def exists(self, ref: BlobRef) -> bool:
        """Return whether the content is there."""
        return self._path(ref).is_file()

    def delete(self, ref: BlobRef) -> None:
        """Remove the content, durably."""
        path = self._path(ref)
        if path.is_file():
            path.unlink(missing_ok=True)
            fsync_directory(path.parent)

    def delete_older(self, ref: BlobRef, than_s: float) -> bool:
        """Remove the content unless it was put since.

        It is renamed before its time is looked at: whoever puts it meanwhile either finds it gone and writes it anew,
        or has touched it, and then it comes back.
        """
        path = self._path(ref)
        aside = path.with_name(f".{path.name}{_TEMPORARY}")
        try:
            path.replace(aside)
        except FileNotFoundError:
            return False
        if aside.stat().st_mtime >= than_s:
            aside.replace(path)
            return False
        aside.unlink()
        fsync_directory(path.parent)
        return True

    def drop_leftovers(self, project_id: int, than_s: float) -> None:
        """Remove what writes that never ended have left."""
        for path in (self._root / str(project_id)).rglob(f".*{_TEMPORARY}"):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < than_s:
                    path.unlink()

    def list(self, project_id: int) -> Iterator[BlobRef]:
        """Give every blob of a project."""
        for path in (self._root / str(project_id)).glob("??/*"):
            if _SHA256.fullmatch(path.name):
                with contextlib.suppress(FileNotFoundError):
                    yield BlobRef(project_id, path.name, path.stat().st_size)

    def projects(self) -> Sequence[int]:
        """Return the projects that have blobs."""
        if not self._root.is_dir():
            return []
        return sorted(int(path.name) for path in self._root.iterdir() if path.name.isdigit())

    def modified_s(self, ref: BlobRef) -> float:
        """Return when the content was last put, in seconds since the epoch; 0 when it is not there."""
        try:
            return self._path(ref).stat().st_mtime
        except FileNotFoundError:
            return 0.0

    def _path(self, ref: BlobRef) -> Path:
        if not _SHA256.fullmatch(ref.sha256):
            raise UserError(f"{ref.sha256!r} is no SHA-256.", code="blob-invalid")
        return self._root / str(ref.project_id) / ref.sha256[:2] / ref.sha256


def _copy(content: bytes | BinaryIO, file: BinaryIO, max_bytes: int | None) -> tuple[str, int]:
    digest = hashlib.sha256()
    size = 0
    for chunk in _chunks(content):
        size += len(chunk)
        if max_bytes is not None and size > max_bytes:
            raise BlobTooLarge(f"The blob has more than {max_bytes} bytes.")
        digest.update(chunk)
        file.write(chunk)
    return digest.hexdigest(), size


def _chunks(content: bytes | BinaryIO) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    while chunk := content.read(_CHUNK_BYTES):
        yield chunk
