"""The uploads as normalisers see them: the metadata database, opened when the first minified frame asks for it."""

from __future__ import annotations

import threading
from collections.abc import Collection
from typing import TYPE_CHECKING

from server.settings import Settings

if TYPE_CHECKING:
    from engine.artifacts import ArtifactFile
    from engine.metadata import MetadataStore


class ArtifactReader:
    """Reads which files were uploaded; an `ingest.symbols.ArtifactIndex`.

    Args:
        settings: name the database.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._opened: MetadataStore | None = None

    def files_by_debug_id(self, project_id: int, debug_id: str, up_to: int | None = None) -> list[ArtifactFile]:
        """Return the files of a debug id; see `MetadataStore`."""
        return self._metadata().files_by_debug_id(project_id, debug_id, up_to)

    def files_by_url(
        self, project_id: int, release_dist: tuple[str, str], urls: Collection[str], up_to: int | None = None
    ) -> list[ArtifactFile]:
        """Return the files of a release; see `MetadataStore`."""
        return self._metadata().files_by_url(project_id, release_dist, urls, up_to)

    def _metadata(self) -> MetadataStore:
        with self._lock:
            if self._opened is None:
                # Memory: a normaliser that meets no minified frame needs no database.
                from engine.metadata import MetadataStore  # noqa: PLC0415
                from server.metadata import metadata_url  # noqa: PLC0415

                self._opened = MetadataStore(metadata_url(self._settings))
            return self._opened
