"""Source maps, found among the uploads, decoded once and kept while there is room.

Decoding and looking up is Sentry's own `symbolic` (Rust): it reads plain and indexed maps, and finds the names of
functions by the scopes in the minified text, which a map alone does not hold.
"""

from __future__ import annotations

import base64
import binascii
import re
import threading
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from symbolic.exceptions import SymbolicError
from symbolic.sourcemapcache import SourceMapCache, SourceMapCacheToken

from engine.artifacts import MINIFIED, SOURCE_MAP, ArtifactFile
from engine.blobs import BlobRef, BlobStore
from engine.errors import CapacityError, StateError
from ingest.limits import MIB
from ingest.symbols.ports import ArtifactIndex
from ingest.symbols.urls import beside, candidates

MAX_FILE_BYTES = 64 * MIB
"""A larger map, or minified file, is not read."""

MAX_CACHED_BYTES = 128 * MIB
"""Text of maps and minified files that are kept decoded; at least the last one is, however large."""

_MAX_ENTRIES = 2000
_CONTEXT_LINES = 5
_UINT32_TOP = 2**32 - 1
_REFERENCE = re.compile(rb"//[#@]\s*sourceMappingURL=(\S+)\s*$")
_TAIL_BYTES = 64 * 1024

_ZIP_FAULTS = (StateError, KeyError, OSError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError)
"""What opening a file and reading a member of a zip can raise: gone, broken, encrypted, of an unknown method."""

NO_FILE = "no_file"
NO_MAP = "no_source_map"
BAD_MAP = "bad_source_map"
TOO_LARGE = "too_large"
LOST = "file_lost"
AWAY = "index_away"


@dataclass(frozen=True, slots=True)
class Script:
    """A minified file as a frame and its event name it.

    Attributes:
        path: `abs_path` of the frame.
        debug_id: 32 hex digits, or empty.
        release: empty when only the debug id counts.
        up_to: number of the newest bundle that may be looked at; None for all.
    """

    project_id: int
    path: str
    debug_id: str = ""
    release: str = ""
    dist: str = ""
    up_to: int | None = None


@dataclass(frozen=True, slots=True)
class Unmapped:
    """Why a script has no usable map: one of the words above."""

    reason: str


class SourceMap:
    """A decoded map of one script."""

    def __init__(self, source: bytes, text: bytes) -> None:
        self._cache = SourceMapCache.from_bytes(source, text)

    def lookup(self, line: int, column: int) -> SourceMapCacheToken | None:
        """Return the place in the sources that a place in the script (from 1) came from; None when there is none."""
        if not (0 < line <= _UINT32_TOP and 0 < column <= _UINT32_TOP):
            return None
        return self._cache.lookup(line, column, _CONTEXT_LINES)


@dataclass(frozen=True, slots=True)
class _Entry:
    map: SourceMap | Unmapped
    bytes: int


class SourceMaps:
    """Finds and keeps maps. May be used from several threads.

    Args:
        index: says what was uploaded.
        blobs: where it is.
        max_bytes: see `MAX_CACHED_BYTES`.
    """

    def __init__(self, index: ArtifactIndex, blobs: BlobStore, max_bytes: int = MAX_CACHED_BYTES) -> None:
        self._index = index
        self._blobs = blobs
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._entries: OrderedDict[Script, _Entry] = OrderedDict()
        self._bytes = 0

    def of(self, script: Script) -> SourceMap | Unmapped:
        """Return the map of a script, or why there is none."""
        with self._lock:
            known = self._entries.get(script)
            if known is None:
                try:
                    known = self._load(script)
                except CapacityError:
                    # The database is away. Events do not wait for it: their pages look again.
                    return Unmapped(AWAY)
                self._entries[script] = known
                self._bytes += known.bytes
                self._evict()
            else:
                self._entries.move_to_end(script)
            return known.map

    def _evict(self) -> None:
        while len(self._entries) > 1 and (self._bytes > self._max_bytes or len(self._entries) > _MAX_ENTRIES):
            _, gone = self._entries.popitem(last=False)
            self._bytes -= gone.bytes

    def _load(self, script: Script) -> _Entry:
        try:
            found = self._by_debug_id(script) if script.debug_id else None
            return found or self._by_url(script) or _Entry(Unmapped(NO_FILE), 0)
        except _Unreadable as error:
            return _Entry(Unmapped(error.reason), 0)

    def _by_debug_id(self, script: Script) -> _Entry | None:
        files = self._index.files_by_debug_id(script.project_id, script.debug_id, script.up_to)
        if not files:
            return None
        source_map = _first(files, SOURCE_MAP)
        if source_map is None:
            return _Entry(Unmapped(NO_MAP), 0)
        minified = _first(files, MINIFIED)
        return _decoded(b"" if minified is None else self._content(minified), self._content(source_map))

    def _by_url(self, script: Script) -> _Entry | None:
        if not script.release:
            return None
        key = (script.release, script.dist)
        names = candidates(script.path)
        minified = _best(self._index.files_by_url(script.project_id, key, names, script.up_to), names, MINIFIED)
        if minified is None:
            return None
        source = self._content(minified)
        reference = minified.file.map_reference or _reference(source)
        if reference.startswith("data:"):
            return _decoded(source, _inline(reference))
        maps = [beside(minified.file.url, reference)] if reference else [f"{minified.file.url}.map"]
        maps = list(dict.fromkeys([*maps, *candidates(maps[0])]))
        found = _best(self._index.files_by_url(script.project_id, key, maps, script.up_to), maps, SOURCE_MAP)
        return _Entry(Unmapped(NO_MAP), 0) if found is None else _decoded(source, self._content(found))

    def _content(self, file: ArtifactFile) -> bytes:
        """Return the bytes of an uploaded file."""
        try:
            with self._blobs.open(BlobRef(file.project_id, file.sha256, file.size)) as stream:
                if not file.file.member:
                    data = stream.read(MAX_FILE_BYTES + 1)
                else:
                    with zipfile.ZipFile(stream) as archive, archive.open(file.file.member) as member:
                        data = member.read(MAX_FILE_BYTES + 1)
        except (
            StateError,
            KeyError,
            OSError,
            zipfile.BadZipFile,
            zlib.error,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise _Unreadable(LOST) from error
        if len(data) > MAX_FILE_BYTES:
            raise _Unreadable(TOO_LARGE)
        return data


class _Unreadable(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _first(files: Sequence[ArtifactFile], kind: str) -> ArtifactFile | None:
    return next((file for file in files if file.file.kind == kind), None)


def _best(files: Sequence[ArtifactFile], names: Sequence[str], kind: str) -> ArtifactFile | None:
    """Return the file whose name stands first; of equal ones the newest upload, and before it one with a dist."""
    ranks = {name: rank for rank, name in enumerate(names)}
    fitting = [file for file in files if file.file.kind == kind]
    return min(fitting, key=lambda f: (ranks[f.file.url], not f.dist, -f.bundle_id), default=None)


def _reference(source: bytes) -> str:
    """Return where a script says its map is, in its last line (the source map specification); empty when nowhere."""
    found = _REFERENCE.search(source[-_TAIL_BYTES:].rstrip())
    return found[1].decode("utf-8", "replace") if found else ""


def _inline(reference: str) -> bytes:
    head, _, body = reference.partition(",")
    try:
        return base64.b64decode(body) if head.endswith(";base64") else body.encode()
    except binascii.Error as error:
        raise _Unreadable(BAD_MAP) from error


def _decoded(source: bytes, text: bytes) -> _Entry:
    # A guard against JSON hijacking that some servers put before their JSON; the specification lets readers skip it.
    body = text[text.find(b"\n") + 1 :] if text.startswith(b")]}'") else text
    try:
        return _Entry(SourceMap(source, body), len(source) + len(body))
    except SymbolicError:
        return _Entry(Unmapped(BAD_MAP), 0)
