"""Releases, bundles of uploaded files, and pieces of uploads."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, update

from engine.artifacts import ArtifactFile, ChunkRow, NewBundle, NewFile, ReleaseRow
from engine.metadata._commit_tables import RELEASE_COMMITS, RELEASE_HEADS
from engine.metadata._counters import bump, upsert
from engine.metadata._edits import only
from engine.metadata._projects import CONFIG, live_project
from engine.metadata._tables import ARTIFACT_BUNDLES, ARTIFACT_FILES, RELEASES, UPLOAD_CHUNKS

_B, _F, _R, _C = ARTIFACT_BUNDLES.c, ARTIFACT_FILES.c, RELEASES.c, UPLOAD_CHUNKS.c


def put_release(
    connection: Connection, project_id: int, version: str, facts: Mapping[str, Any], now: datetime
) -> ReleaseRow:
    """Create a release or merge facts into it; `released_at` among them is when it was finalised."""
    live_project(connection, project_id)
    values = {"project_id": project_id, "version": version, "created_at": now, "facts": {}}
    connection.execute(upsert(connection.dialect, RELEASES).values(**values).on_conflict_do_nothing())
    before = release(connection, project_id, version)
    more = dict(facts)
    changed: dict[str, Any] = {}
    if "released_at" in more:
        changed["released_at"] = more.pop("released_at")
    changed["facts"] = {**before.facts, **more}
    connection.execute(update(RELEASES).where(_R.id == before.id).values(**changed))
    return release(connection, project_id, version)


def release(connection: Connection, project_id: int, version: str) -> ReleaseRow:
    """Return a release; NotFound when there is none."""
    query = select(RELEASES).where(_R.project_id == project_id, _R.version == version)
    return _release(only(connection.execute(query).one_or_none(), "release"))


def delete_release(connection: Connection, project_id: int, version: str) -> None:
    """Take out a release with the commits told of it; its bundles stay; NotFound when there is none."""
    found = release(connection, project_id, version)
    for table in (RELEASE_COMMITS, RELEASE_HEADS):
        connection.execute(delete(table).where(table.c.release_id == found.id))
    connection.execute(delete(RELEASES).where(_R.id == found.id))


def releases(connection: Connection, project_ids: Collection[int], limit: int) -> list[ReleaseRow]:
    """Return the releases of projects, newest first."""
    query = select(RELEASES).where(_R.project_id.in_(project_ids)).order_by(_R.id.desc()).limit(limit)
    return [_release(row) for row in connection.execute(query)]


def _release(row: Row[Any]) -> ReleaseRow:
    return ReleaseRow(row.id, row.project_id, row.version, row.created_at, row.released_at, row.facts)


def add_bundle(connection: Connection, bundle: NewBundle, files: Sequence[NewFile], now: datetime) -> int:
    """Add a bundle with its files and return its number; one that is there already stays as it is."""
    live_project(connection, bundle.project_id)
    key = {
        "project_id": bundle.project_id,
        "checksum": bundle.checksum,
        "release": bundle.release,
        "dist": bundle.dist,
    }
    known = connection.execute(select(_B.id).filter_by(**key)).scalar_one_or_none()
    if known is not None:
        return int(known)
    values = {**key, "sha256": bundle.sha256, "size": bundle.size, "created_at": now}
    number = connection.execute(insert(ARTIFACT_BUNDLES).values(**values).returning(_B.id)).scalar_one()
    common = {name: key[name] for name in ("project_id", "release", "dist")}
    rows = [
        {
            **common,
            "bundle_id": number,
            "debug_id": file.debug_id,
            "kind": file.kind,
            "url": file.url,
            "member": file.member,
            "map_reference": file.map_reference,
        }
        for file in files
    ]
    if rows:
        connection.execute(insert(ARTIFACT_FILES), rows)
    # Normalisers learn from the snapshot up to which bundle they may look.
    bump(connection, CONFIG)
    return int(number)


def files(connection: Connection, *conditions: ColumnElement[bool], limit: int = 1000) -> list[ArtifactFile]:
    """Return uploaded files, those of the newest bundle first."""
    query = (
        select(ARTIFACT_FILES, _B.sha256, _B.size, _B.created_at)
        .join(ARTIFACT_BUNDLES)
        .where(*conditions)
        .order_by(_F.bundle_id.desc(), _F.id)
        .limit(limit)
    )
    return [_file(row) for row in connection.execute(query)]


def by_debug_id(connection: Connection, project_id: int, debug_id: str, up_to: int | None) -> list[ArtifactFile]:
    """Return the files of a debug id, of bundles up to a number."""
    return files(connection, _F.project_id == project_id, _F.debug_id == debug_id, *_until(up_to), limit=20)


def by_url(
    connection: Connection, project_id: int, release_dist: tuple[str, str], urls: Collection[str], up_to: int | None
) -> list[ArtifactFile]:
    """Return the files of a release under one of some URLs; those without a dist count for every dist."""
    version, dist = release_dist
    return files(
        connection,
        _F.project_id == project_id,
        _F.release == version,
        _F.dist.in_({dist, ""}),
        _F.url.in_(urls),
        *_until(up_to),
        limit=50,
    )


def of_release(connection: Connection, project_id: int, version: str) -> list[ArtifactFile]:
    """Return the files of a release."""
    return files(connection, _F.project_id == project_id, _F.release == version)


def delete_file(connection: Connection, project_id: int, file_id: int) -> None:
    """Remove an uploaded file, and its bundle when it was the last one in it; NotFound when there is none."""
    query = delete(ARTIFACT_FILES).where(_F.project_id == project_id, _F.id == file_id).returning(_F.bundle_id)
    bundle = only(connection.execute(query).one_or_none(), "artifact").bundle_id
    if connection.execute(select(func.count()).where(_F.bundle_id == bundle)).scalar_one() == 0:
        connection.execute(delete(ARTIFACT_BUNDLES).where(_B.id == bundle))


def blobs(connection: Connection, project_id: int) -> list[str]:
    """Return the names of the blobs a project's bundles are in."""
    return list(connection.execute(select(_B.sha256).where(_B.project_id == project_id).distinct()).scalars())


def _until(up_to: int | None) -> tuple[ColumnElement[bool], ...]:
    return () if up_to is None else (_F.bundle_id <= up_to,)


def _file(row: Row[Any]) -> ArtifactFile:
    file = NewFile(row.kind, row.url, row.member, row.debug_id, row.map_reference)
    return ArtifactFile(
        row.id, row.bundle_id, row.project_id, row.sha256, row.size, file, row.release, row.dist, row.created_at
    )


def put_chunk(connection: Connection, organisation_id: int, chunk: ChunkRow, now: datetime) -> None:
    """Remember a piece of an upload; sent again it counts as new."""
    key = {"organisation_id": organisation_id, "sha1": chunk.sha1}
    put = upsert(connection.dialect, UPLOAD_CHUNKS).values(**key, sha256=chunk.sha256, size=chunk.size, created_at=now)
    connection.execute(put.on_conflict_do_update(index_elements=list(key), set_={"created_at": now}))


def chunks(connection: Connection, organisation_id: int, sha1s: Collection[str]) -> dict[str, ChunkRow]:
    """Return those pieces that are there, by SHA-1."""
    query = select(UPLOAD_CHUNKS).where(_C.organisation_id == organisation_id, _C.sha1.in_(sha1s))
    return {row.sha1: ChunkRow(row.sha1, row.sha256, row.size) for row in connection.execute(query)}


def drop_chunks(connection: Connection, before: datetime) -> None:
    """Forget the pieces that are older than that."""
    connection.execute(delete(UPLOAD_CHUNKS).where(_C.created_at < before))


def chunk_blobs(connection: Connection) -> list[str]:
    """Return the names of the blobs of pieces."""
    return list(connection.execute(select(_C.sha256).distinct()).scalars())
