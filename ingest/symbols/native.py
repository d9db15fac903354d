"""Frames of native programs: functions, files and lines behind instruction addresses, by uploaded debug files.

An event says in `debug_meta.images` which programs and libraries lay where in memory, each with its debug id; Sentry's
`symbolic` reads the debug file of that id (ELF, Mach-O, PE, PDB) once and looks addresses up. What a compiler has
inlined becomes frames of its own. Names of C++ and Rust stay as the file has them.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from symbolic.debuginfo import Archive
from symbolic.exceptions import SymbolicError
from symbolic.symcache import SymCache

from engine.artifacts import DEBUG_FILE
from engine.blobs import BlobRef, BlobStore
from engine.errors import CapacityError, StateError
from ingest.hexids import event_id_of
from ingest.limits import MIB
from ingest.normalise.values import listed, mapping, short
from ingest.symbols.ports import ArtifactIndex

MAX_FILE_BYTES = 256 * MIB
"""A larger debug file is kept, and not read."""

_MAX_CACHES = 16
_MAX_IMAGES = 2000
_MAX_PATH_CHARS = 2000
_MAX_INLINED = 50
_TYPES = frozenset({"elf", "macho", "pe", "pe_dotnet", "symbolic", "apple", "wasm"})
_TOP = 2**64


@dataclass(frozen=True, slots=True)
class Image:
    """A program or library in memory; `size` is 0 when it was not told."""

    start: int
    size: int
    debug_id: str
    name: str


def images_of(data: dict[str, Any]) -> list[Image]:
    """Return the native images of an event that have a debug id, by address."""
    found = []
    for sent in listed(mapping(data.get("debug_meta")).get("images"))[:_MAX_IMAGES]:
        image = mapping(sent)
        debug_id = event_id_of(short(image.get("debug_id") or image.get("uuid"), 50).replace("-", "")[:32])
        start = address_of(image.get("image_addr"))
        if image.get("type") in _TYPES and debug_id and start is not None:
            size = address_of(image.get("image_size")) or 0
            found.append(Image(start, size, debug_id, short(image.get("code_file"), _MAX_PATH_CHARS)))
    return sorted(found, key=lambda image: image.start)


def address_of(value: object) -> int | None:
    """Return an address, `0x…` or a number; None for anything else."""
    if isinstance(value, str):
        try:
            value = int(value.strip(), 16 if value.strip().lower().startswith("0x") else 10)
        except ValueError:
            return None
    return value if type(value) is int and 0 <= value < _TOP else None


class NativeFiles:
    """Finds debug files and keeps what was read of the last ones. May be used from several threads.

    Args:
        index: says what was uploaded.
        blobs: where it is.
        max_bytes: see `MAX_FILE_BYTES`.
    """

    def __init__(self, index: ArtifactIndex, blobs: BlobStore, max_bytes: int = MAX_FILE_BYTES) -> None:
        self._index = index
        self._blobs = blobs
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[int, str, int | None], SymCache | None] = OrderedDict()

    def frame(
        self, frame: dict[str, Any], images: Sequence[Image], project: tuple[int, int | None], *, is_innermost: bool
    ) -> list[dict[str, Any]]:
        """Return what a frame is in the sources, the inlined calls behind it; none when that is not known.

        Args:
            frame: with `instruction_addr`.
            images: of its event, by address.
            project: its number, and that of the newest upload that counts.
            is_innermost: whether it is where the thread stood. All others hold the address they return to, which may
                belong to the next line: the instruction before it is looked up.
        """
        address = address_of(frame.get("instruction_addr"))
        image = None if address is None else _image_at(images, address)
        if address is None or image is None:
            return []
        cache = self._cache(*project, image.debug_id)
        if cache is None:
            return []
        relative = address - image.start - (0 if is_innermost or address == image.start else 1)
        try:
            found = cache.lookup(relative)[:_MAX_INLINED]  # type: ignore[no-untyped-call]  # it has no annotations
        except (SymbolicError, ValueError, OverflowError):
            return []
        return [_resolved(frame, place, image) for place in reversed(found)]

    def _cache(self, project_id: int, up_to: int | None, debug_id: str) -> SymCache | None:
        key = (project_id, debug_id, up_to)
        with self._lock:
            if key not in self._known:
                try:
                    self._known[key] = self._read(project_id, up_to, debug_id)
                except CapacityError:  # the database is away: asked again with the next event
                    return None
                while len(self._known) > _MAX_CACHES:
                    self._known.popitem(last=False)
            self._known.move_to_end(key)
            return self._known[key]

    def _read(self, project_id: int, up_to: int | None, debug_id: str) -> SymCache | None:
        """Return the richest of the files with an id, read; None when there is none that can be."""
        best: tuple[int, SymCache] | None = None
        for file in self._index.files_by_debug_id(project_id, debug_id, up_to):
            if file.file.kind != DEBUG_FILE or file.size > self._max_bytes:
                continue
            try:
                with self._blobs.open(BlobRef(file.project_id, file.sha256, file.size)) as stream:
                    content = stream.read()
                # The archive looks into these bytes without holding them: `content` must outlive it.
                archive = Archive.from_bytes(content)
                for part in archive.iter_objects():
                    rank = 2 * ("debug" in part.features) + ("symtab" in part.features)
                    if event_id_of(str(part.debug_id)[:36]) == debug_id and (best is None or best[0] < rank):
                        best = rank, part.make_symcache()
            except (SymbolicError, StateError, OSError):
                continue
        return None if best is None else best[1]


def _image_at(images: Sequence[Image], address: int) -> Image | None:
    place = bisect_right(images, address, key=lambda image: image.start) - 1
    if place < 0:
        return None
    image = images[place]
    return image if not image.size or address < image.start + image.size else None


def _resolved(frame: dict[str, Any], place: Any, image: Image) -> dict[str, Any]:
    path = short(place.full_path, _MAX_PATH_CHARS)
    made = {
        **frame,
        "function": short(place.symbol, 500) or frame.get("function"),
        "package": frame.get("package") or image.name,
        "data": {**mapping(frame.get("data")), "symbolicated": True},
    }
    if path:
        made |= {"abs_path": path, "filename": path.replace("\\", "/").rpartition("/")[2]}
    if place.line:
        made["lineno"] = place.line
    return made
