"""Releases, and the files uploaded for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from engine.artifacts import ArtifactFile, ChunkRow, NewBundle, NewFile, ReleaseRow
from engine.metadata import _artifacts
from engine.metadata.rows import AuditEntry
from engine.metadata.stores.base import BaseStore

CHUNKS_PROJECT = 0
"""Pieces of uploads belong to no project yet; their blobs are kept under this number."""


class ArtifactStore(BaseStore):
    """What build tools upload, so that stack traces can be read."""

    def put_release(
        self, project_id: int, version: str, facts: Mapping[str, Any], *, audit: AuditEntry | None = None
    ) -> ReleaseRow:
        """Create a release, or merge facts into it.

        Args:
            project_id: a live project; NotFound otherwise.
            version: name of the release.
            facts: members of `ReleaseRow.facts`, and `released_at`.
            audit: what is to be remembered.
        """
        with self._managed(audit) as write:
            return _artifacts.put_release(write.connection, project_id, version, facts, self._clock.now())

    def release(self, project_id: int, version: str) -> ReleaseRow:
        """Return a release; NotFound when there is none."""
        with self._database.read() as connection:
            return _artifacts.release(connection, project_id, version)

    def delete_release(self, project_id: int, version: str, *, audit: AuditEntry | None = None) -> None:
        """Take out a release and what was told of it; what was uploaded for it stays. NotFound when there is none."""
        with self._managed(audit) as write:
            _artifacts.delete_release(write.connection, project_id, version)
            write.note(release=version)

    def releases(self, project_ids: Collection[int], limit: int = 100) -> list[ReleaseRow]:
        """Return the releases of projects, newest first."""
        with self._database.read() as connection:
            return _artifacts.releases(connection, project_ids, limit)

    def add_bundle(self, bundle: NewBundle, files: Sequence[NewFile], *, audit: AuditEntry | None = None) -> int:
        """Add a bundle whose blob is stored, and return its number; the same one again changes nothing."""
        with self._managed(audit) as write:
            number = _artifacts.add_bundle(write.connection, bundle, files, self._clock.now())
            write.note(bundle=number, files=len(files), release=bundle.release, dist=bundle.dist)
            return number

    def files_by_debug_id(self, project_id: int, debug_id: str, up_to: int | None = None) -> list[ArtifactFile]:
        """Return the files of a debug id (32 hex digits), the newest bundle's first.

        Args:
            project_id: whose files.
            debug_id: of a minified file and its source map.
            up_to: look only at bundles up to this number; None for all.
        """
        with self._database.read() as connection:
            return _artifacts.by_debug_id(connection, project_id, debug_id, up_to)

    def files_by_url(
        self, project_id: int, release_dist: tuple[str, str], urls: Collection[str], up_to: int | None = None
    ) -> list[ArtifactFile]:
        """Return the files of a release and dist under any of the URLs, the newest bundle's first."""
        with self._database.read() as connection:
            return _artifacts.by_url(connection, project_id, release_dist, urls, up_to)

    def files_of_release(self, project_id: int, version: str) -> list[ArtifactFile]:
        """Return the files of a release, the newest bundle's first."""
        with self._database.read() as connection:
            return _artifacts.of_release(connection, project_id, version)

    def delete_file(self, project_id: int, file_id: int, *, audit: AuditEntry | None = None) -> None:
        """Remove an uploaded file; its blob is collected later. NotFound when there is none."""
        with self._managed(audit) as write:
            _artifacts.delete_file(write.connection, project_id, file_id)

    def artifact_blobs(self, project_id: int) -> list[str]:
        """Return the names of the blobs that bundles of a project, or pieces of uploads, are in."""
        with self._database.read() as connection:
            if project_id == CHUNKS_PROJECT:
                return _artifacts.chunk_blobs(connection)
            return _artifacts.blobs(connection, project_id)

    def put_chunk(self, organisation_id: int, chunk: ChunkRow) -> None:
        """Remember a piece of an upload whose blob is stored."""
        with self._database.write() as connection:
            _artifacts.put_chunk(connection, organisation_id, chunk, self._clock.now())

    def chunks(self, organisation_id: int, sha1s: Collection[str]) -> dict[str, ChunkRow]:
        """Return those pieces that are there, by SHA-1."""
        with self._database.read() as connection:
            return _artifacts.chunks(connection, organisation_id, sha1s)

    def drop_chunks(self, before: datetime) -> None:
        """Forget the pieces of uploads that are older than that."""
        with self._database.write() as connection:
            _artifacts.drop_chunks(connection, before)
