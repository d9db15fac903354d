"""Uploads: pieces, which are put together to bundles, and single files of older tools.

A piece is known by its SHA-1, a bundle by that of its whole content; both are checked against what came.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, cast

from engine.artifacts import DEBUG_FILE, MINIFIED, SOURCE, SOURCE_MAP, ChunkRow, NewBundle, NewFile
from engine.blobs import BlobRef, BlobStore
from engine.errors import StateError, UserError
from engine.metadata import AuditEntry, MetadataStore
from ingest.hexids import event_id_of
from server.artifacts.bundles import BadBundle, headers_of, manifest_of, map_reference

MIB = 1024 * 1024
CHUNKS_PROJECT = 0
_READ_BYTES = MIB
_HEX_40 = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class UploadRules:
    """How uploads are cut; sizes in bytes.

    Attributes:
        chunk_bytes: a piece, before compression; a power of two, as sentry-cli wants it.
        chunks_per_request: most pieces in one request.
        request_bytes: largest request.
        file_bytes: largest bundle or file.
    """

    chunk_bytes: int = 4 * MIB
    chunks_per_request: int = 8
    request_bytes: int = 16 * MIB
    file_bytes: int = 512 * MIB


@dataclass(frozen=True, slots=True)
class Assembled:
    """What has become of an upload: `state` is `ok`, `not_found` (pieces are missing) or `error`."""

    state: str
    missing: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload to be put together.

    Attributes:
        checksum: SHA-1 of the whole, 40 hex digits.
        chunks: SHA-1 of the pieces, in order.
        release: where the bundle does not say.
        dist: as `release`.
    """

    checksum: str
    chunks: Sequence[str]
    release: str = ""
    dist: str = ""


class ArtifactService:
    """Takes in what build tools upload.

    Args:
        metadata: remembers what there is.
        blobs: keeps it.
        rules: how uploads are cut.
    """

    def __init__(self, metadata: MetadataStore, blobs: BlobStore, rules: UploadRules | None = None) -> None:
        self._metadata = metadata
        self._blobs = blobs
        self.rules = rules or UploadRules()

    def put_chunk(self, organisation_id: int, sha1: str, content: bytes, *, compressed: bool) -> None:
        """Keep a piece.

        Raises:
            UserError: it is too large, broken, or not the one its name says.
        """
        data = _unzipped(content, self.rules.chunk_bytes) if compressed else content
        if len(data) > self.rules.chunk_bytes:
            raise UserError(f"A chunk has more than {self.rules.chunk_bytes} bytes.", code="chunk-too-large")
        if hashlib.sha1(data, usedforsecurity=False).hexdigest() != sha1:
            raise UserError(f"The chunk {sha1[:40]!r} has another SHA-1.", code="chunk-checksum")
        ref = self._blobs.put(CHUNKS_PROJECT, data)
        self._metadata.put_chunk(organisation_id, ChunkRow(sha1, ref.sha256, ref.size))

    def assemble(
        self, organisation_id: int, project_ids: Sequence[int], upload: Upload, audit: AuditEntry | None = None
    ) -> Assembled:
        """Put an upload together and give it to projects; or say which pieces are missing."""
        pieces, missing = self._pieces(organisation_id, upload)
        if not upload.chunks:
            raise UserError("An upload has at least one chunk.", code="chunks-missing")
        if missing:
            return Assembled("not_found", missing)
        if sum(piece.size for piece in pieces) > self.rules.file_bytes:
            return Assembled("error", detail=f"The bundle has more than {self.rules.file_bytes} bytes.")
        try:
            for project_id in project_ids:
                self._add(project_id, pieces, upload, audit)
        except BadBundle as error:
            return Assembled("error", detail=str(error))
        return Assembled("ok")

    def assemble_debug_file(
        self, organisation_id: int, project_id: int, upload: Upload, debug_id: str, audit: AuditEntry | None = None
    ) -> Assembled:
        """Put a debug file together and keep it under its debug id; or say which pieces are missing.

        Args:
            organisation_id: whose pieces count.
            project_id: gets the file.
            upload: its `release` is the name of the file.
            debug_id: 32 hex digits, as the client read it from the file.
            audit: what is to be remembered.
        """
        pieces, missing = self._pieces(organisation_id, upload)
        if missing:
            return Assembled("not_found", missing)
        if sum(piece.size for piece in pieces) > self.rules.file_bytes:
            return Assembled("error", detail=f"The file has more than {self.rules.file_bytes} bytes.")
        whole = _Whole(self._blobs, pieces)
        try:
            ref = self._blobs.put(project_id, cast("BinaryIO", whole))
        except BadBundle as error:
            return Assembled("error", detail=str(error))
        if whole.sha1 != upload.checksum:
            return Assembled("error", detail="The chunks together have another SHA-1 than the file.")
        bundle = NewBundle(project_id, upload.checksum, ref.sha256, ref.size)
        file = NewFile(DEBUG_FILE, upload.release, debug_id=debug_id)
        self._metadata.add_bundle(bundle, (file,), audit=audit)
        return Assembled("ok")

    def _pieces(self, organisation_id: int, upload: Upload) -> tuple[list[BlobRef], tuple[str, ...]]:
        """Return the pieces of an upload, or which of them are missing."""
        for name in (upload.checksum, *upload.chunks):
            if len(name) != 40 or not _HEX_40.issuperset(name):
                raise UserError(f"{name[:40]!r} is no SHA-1: 40 lower-case hex digits.", code="checksum-invalid")
        known = self._metadata.chunks(organisation_id, set(upload.chunks))
        refs = {name: BlobRef(CHUNKS_PROJECT, chunk.sha256, chunk.size) for name, chunk in known.items()}
        missing = tuple(dict.fromkeys(n for n in upload.chunks if n not in refs or not self._blobs.exists(refs[n])))
        return ([] if missing else [refs[name] for name in upload.chunks]), missing

    def _add(self, project_id: int, pieces: Sequence[BlobRef], upload: Upload, audit: AuditEntry | None) -> None:
        whole = _Whole(self._blobs, pieces)
        ref = self._blobs.put(project_id, cast("BinaryIO", whole))
        if whole.sha1 != upload.checksum:
            raise BadBundle("The chunks together have another SHA-1 than the upload.")
        with self._blobs.open(ref) as stream:
            manifest = manifest_of(stream)
        release, dist = manifest.release or upload.release, manifest.dist or upload.dist
        bundle = NewBundle(project_id, upload.checksum, ref.sha256, ref.size, release, dist)
        self._metadata.add_bundle(bundle, manifest.files, audit=audit)
        if release:
            self._metadata.put_release(project_id, release, {})

    def put_file(
        self,
        project_id: int,
        release_dist: tuple[str, str],
        url: str,
        headers: Mapping[str, str],
        content: BinaryIO,
        audit: AuditEntry | None = None,
    ) -> str:
        """Keep one file of a release, as older tools upload them; return its SHA-1.

        Raises:
            UserError: it is too large.
        """
        hashing = _Hashing(content)
        ref = self._blobs.put(project_id, cast("BinaryIO", hashing), max_bytes=self.rules.file_bytes)
        known = headers_of(headers)
        file = NewFile(_kind(url), url, "", event_id_of(known.get("debug-id")), map_reference(known))
        release, dist = release_dist
        # The name is part of what tells single files apart: equal content may stand under two of them.
        checksum = hashlib.sha1(f"{hashing.sha1}\0{url}".encode(), usedforsecurity=False).hexdigest()
        self._metadata.add_bundle(
            NewBundle(project_id, checksum, ref.sha256, ref.size, release, dist), (file,), audit=audit
        )
        return hashing.sha1


class _Hashing:
    """A stream whose SHA-1 is known when it is read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._digest = hashlib.sha1(usedforsecurity=False)

    @property
    def sha1(self) -> str:
        return self._digest.hexdigest()

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._digest.update(data)
        return data


class _Whole:
    """Pieces one after the other as a stream, whose SHA-1 is known when it is read."""

    def __init__(self, blobs: BlobStore, pieces: Sequence[BlobRef]) -> None:
        self._blocks = _blocks(blobs, pieces)
        self._digest = hashlib.sha1(usedforsecurity=False)

    @property
    def sha1(self) -> str:
        return self._digest.hexdigest()

    def read(self, _size: int = -1) -> bytes:
        block = next(self._blocks, b"")
        self._digest.update(block)
        return block


def _blocks(blobs: BlobStore, pieces: Sequence[BlobRef]) -> Iterator[bytes]:
    for piece in pieces:
        try:
            stream = blobs.open(piece)
        except StateError as error:
            raise BadBundle("A chunk went while the bundle was put together; upload it again.") from error
        with stream:
            while block := stream.read(_READ_BYTES):
                yield block


def _unzipped(content: bytes, max_bytes: int) -> bytes:
    unzip = zlib.decompressobj(wbits=31)
    try:
        data = unzip.decompress(content, max_bytes + 1)
    except zlib.error as error:
        raise UserError(f"A chunk is no gzip: {error}.", code="chunk-broken") from error
    if not unzip.eof and len(data) <= max_bytes:
        raise UserError("A chunk's gzip ends early.", code="chunk-broken")
    return data


def _kind(url: str) -> str:
    path = url.partition("?")[0].lower()
    if path.endswith(".map"):
        return SOURCE_MAP
    return MINIFIED if path.endswith((".js", ".mjs", ".cjs", ".bundle", ".jsbundle")) else SOURCE
