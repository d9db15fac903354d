"""Repositories, commits, the commits of releases, and code mappings, inside a transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from engine.commits import CodeMapping, CommitRow, FileChange, NewCommit, RepositoryRow
from engine.metadata._commit_tables import (
    CODE_MAPPINGS,
    COMMIT_FILES,
    COMMITS,
    RELEASE_COMMITS,
    RELEASE_HEADS,
    REPOSITORIES,
    REPOSITORY_PROJECTS,
)
from engine.metadata._counters import upsert
from engine.metadata._edits import only

_P, _C, _F, _RC, _H, _M = (
    REPOSITORIES.c,
    COMMITS.c,
    COMMIT_FILES.c,
    RELEASE_COMMITS.c,
    RELEASE_HEADS.c,
    CODE_MAPPINGS.c,
)
_BATCH = 500
"""Parameters of one statement; SQLite takes 32 766, PostgreSQL 65 535."""

_T = TypeVar("_T")


def _batched(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for first in range(0, len(values), _BATCH):
        yield values[first : first + _BATCH]


def put_repository(connection: Connection, wanted: RepositoryRow, now: datetime) -> RepositoryRow:
    """Create a repository or fill in what is said of it; empty members stay as they are. `wanted.id` is not read."""
    key = {"organisation_id": wanted.organisation_id, "name": wanted.name}
    said = {name: value for name in ("provider", "url", "path") if (value := getattr(wanted, name))}
    put = upsert(connection.dialect, REPOSITORIES).values(
        **key, provider=wanted.provider, url=wanted.url, path=wanted.path, created_at=now
    )
    put = put.on_conflict_do_update(index_elements=list(key), set_=said) if said else put.on_conflict_do_nothing()
    connection.execute(put)
    query = select(REPOSITORIES).where(_P.organisation_id == wanted.organisation_id, _P.name == wanted.name)
    return _repository(connection.execute(query).one())


def rename_repository(connection: Connection, wanted: RepositoryRow, before: str) -> bool:
    """Give a repository the name and address it has now; False when the former name is unknown, or the new one known.

    A push under the new name may have come first: then both stand, and the newer is asked first.
    """
    names = select(_P.name).where(_P.organisation_id == wanted.organisation_id, _P.name.in_([before, wanted.name]))
    if list(connection.execute(names).scalars()) != [before]:
        return False
    theirs = (_P.organisation_id == wanted.organisation_id) & (_P.name == before)
    connection.execute(update(REPOSITORIES).where(theirs).values(name=wanted.name, url=wanted.url))
    return True


def link_repositories(connection: Connection, project_id: int, ids: Collection[int]) -> None:
    """Say that a project knows repositories."""
    rows = [{"repository_id": number, "project_id": project_id} for number in sorted(set(ids))]
    if rows:
        connection.execute(upsert(connection.dialect, REPOSITORY_PROJECTS).on_conflict_do_nothing(), rows)


def repositories(connection: Connection, project_ids: Collection[int] | None) -> list[RepositoryRow]:
    """Return the repositories that any of some projects knows, or all there are, by name."""
    query = select(REPOSITORIES).order_by(_P.name, _P.id)
    if project_ids is not None:
        known = REPOSITORY_PROJECTS.c.project_id.in_(sorted(set(project_ids)))
        query = query.where(_P.id.in_(select(REPOSITORY_PROJECTS.c.repository_id).where(known)))
    return [_repository(row) for row in connection.execute(query)]


def repository(connection: Connection, repository_id: int) -> RepositoryRow:
    """Return a repository by its number; NotFound when there is none."""
    row = connection.execute(select(REPOSITORIES).where(_P.id == repository_id)).one_or_none()
    return _repository(only(row, "repository"))


def delete_repository(connection: Connection, repository_id: int) -> None:
    """Remove a repository with all that is known of its commits; NotFound when there is none."""
    repository(connection, repository_id)
    known = select(_C.id).where(_C.repository_id == repository_id)
    connection.execute(delete(COMMIT_FILES).where(_F.commit_id.in_(known)))
    connection.execute(delete(RELEASE_COMMITS).where(_RC.commit_id.in_(known)))
    connection.execute(delete(COMMITS).where(_C.repository_id == repository_id))
    connection.execute(delete(RELEASE_HEADS).where(_H.repository_id == repository_id))
    connection.execute(delete(CODE_MAPPINGS).where(_M.repository_id == repository_id))
    connection.execute(delete(REPOSITORY_PROJECTS).where(REPOSITORY_PROJECTS.c.repository_id == repository_id))
    connection.execute(delete(REPOSITORIES).where(_P.id == repository_id))


def _repository(row: Row[Any]) -> RepositoryRow:
    return RepositoryRow(row.id, row.organisation_id, row.name, row.provider, row.url, row.path)


def put_commits(connection: Connection, repository_id: int, told: Sequence[NewCommit]) -> list[int]:
    """Remember commits and return their numbers in the order given.

    What is known of a commit stays; only files that were not told before are added.
    """
    repository(connection, repository_id)
    by_sha = {one.sha: one for one in told}
    rows = [_values(repository_id, one) for one in by_sha.values()]
    if rows:
        connection.execute(upsert(connection.dialect, COMMITS).on_conflict_do_nothing(), rows)
    found: dict[str, Row[Any]] = {}
    for shas in _batched(list(by_sha)):
        query = select(_C.id, _C.sha, _C.has_files).where(_C.repository_id == repository_id, _C.sha.in_(shas))
        found |= {row.sha: row for row in connection.execute(query.with_for_update())}
    for sha, one in by_sha.items():
        if one.files is not None and not found[sha].has_files:
            _put_files(connection, found[sha].id, one.files)
    return [found[one.sha].id for one in told]


def forget_commits(connection: Connection, ids: Collection[int]) -> None:
    """Remove commits, but for those that a release holds."""
    for chunk in _batched(sorted(set(ids))):
        held = set(connection.execute(select(_RC.commit_id).where(_RC.commit_id.in_(chunk))).scalars())
        loose = [number for number in chunk if number not in held]
        connection.execute(delete(COMMIT_FILES).where(_F.commit_id.in_(loose)))
        connection.execute(delete(COMMITS).where(_C.id.in_(loose)))


def _values(repository_id: int, one: NewCommit) -> dict[str, Any]:
    return {
        "repository_id": repository_id,
        "sha": one.sha,
        "author_name": one.author_name,
        "author_email": one.author_email,
        "at": one.at,
        "message": one.message,
        "has_files": False,
    }


def _put_files(connection: Connection, commit_id: int, files: Sequence[FileChange]) -> None:
    connection.execute(update(COMMITS).where(_C.id == commit_id).values(has_files=True))
    rows = [
        {"commit_id": commit_id, "path": path, "kind": kind} for path, kind in {f.path: f.kind for f in files}.items()
    ]
    if rows:
        connection.execute(upsert(connection.dialect, COMMIT_FILES).on_conflict_do_nothing(), rows)


def commits(connection: Connection, ids: Collection[int]) -> dict[int, CommitRow]:
    """Return commits by number, with their files."""
    found: dict[int, CommitRow] = {}
    for chunk in _batched(sorted(set(ids))):
        files: dict[int, list[FileChange]] = {}
        for row in connection.execute(select(COMMIT_FILES).where(_F.commit_id.in_(chunk)).order_by(_F.path)):
            files.setdefault(row.commit_id, []).append(FileChange(row.path, row.kind))
        for row in connection.execute(select(COMMITS).where(_C.id.in_(chunk))):
            found[row.id] = _commit(row, files.get(row.id, ()))
    return found


def _commit(row: Row[Any], files: Sequence[FileChange]) -> CommitRow:
    told = tuple(files) if row.has_files else None
    new = NewCommit(row.sha, row.author_name, row.author_email, row.at, row.message, told)
    return CommitRow(row.id, row.repository_id, new)


def newest_commits(connection: Connection, repository_id: int, limit: int) -> list[int]:
    """Return the numbers of a repository's commits, newest first."""
    query = select(_C.id).where(_C.repository_id == repository_id).order_by(_C.at.desc(), _C.id.desc()).limit(limit)
    return list(connection.execute(query).scalars())


def set_release_commits(connection: Connection, release_id: int, ids: Sequence[int]) -> None:
    """Make commits those of a release, newest first; what it had before is replaced."""
    connection.execute(delete(RELEASE_COMMITS).where(_RC.release_id == release_id))
    rows = [
        {"release_id": release_id, "commit_id": number, "position": position}
        for position, number in enumerate(dict.fromkeys(ids))
    ]
    if rows:
        connection.execute(insert(RELEASE_COMMITS), rows)


def release_commits(connection: Connection, release_id: int, limit: int) -> list[CommitRow]:
    """Return the commits of a release, newest first."""
    query = select(_RC.commit_id).where(_RC.release_id == release_id).order_by(_RC.position).limit(limit)
    ids = list(connection.execute(query).scalars())
    found = commits(connection, ids)
    return [found[number] for number in ids]


def count_release_commits(connection: Connection, release_id: int) -> int:
    """Return how many commits a release has."""
    return int(connection.execute(select(func.count()).where(_RC.release_id == release_id)).scalar_one())


def count_commits_of_releases(connection: Connection, release_ids: Collection[int]) -> dict[int, int]:
    """Return how many commits releases have, by release; those without are absent."""
    found: dict[int, int] = {}
    for chunk in _batched(sorted(set(release_ids))):
        query = select(_RC.release_id, func.count()).where(_RC.release_id.in_(chunk)).group_by(_RC.release_id)
        found |= {release_id: int(number) for release_id, number in connection.execute(query)}
    return found


def set_heads(connection: Connection, release_id: int, heads: dict[int, str]) -> None:
    """Say which commits of which repositories a release was built from; other repositories' heads stay."""
    for repository_id, sha in heads.items():
        put = upsert(connection.dialect, RELEASE_HEADS).values(
            release_id=release_id, repository_id=repository_id, sha=sha
        )
        put = put.on_conflict_do_update(index_elements=["release_id", "repository_id"], set_={"sha": sha})
        connection.execute(put)


def heads(connection: Connection, release_ids: Collection[int]) -> dict[int, dict[int, str]]:
    """Return commit ids by repository, by release."""
    found: dict[int, dict[int, str]] = {}
    for chunk in _batched(sorted(set(release_ids))):
        for row in connection.execute(select(RELEASE_HEADS).where(_H.release_id.in_(chunk))):
            found.setdefault(row.release_id, {})[row.repository_id] = row.sha
    return found


def code_mappings(connection: Connection, project_id: int) -> list[CodeMapping]:
    """Return a project's code mappings in the order they are tried: people's before derived ones."""
    query = select(CODE_MAPPINGS).where(_M.project_id == project_id).order_by(_M.automatic, _M.id)
    return [CodeMapping(r.stack_root, r.source_root, r.repository_id, r.automatic) for r in connection.execute(query)]


def set_code_mappings(
    connection: Connection, project_id: int, wanted: Sequence[CodeMapping], *, automatic: bool
) -> None:
    """Replace people's code mappings of a project, or the derived ones."""
    for number in {one.repository_id for one in wanted}:
        repository(connection, number)
    connection.execute(delete(CODE_MAPPINGS).where(_M.project_id == project_id, _M.automatic == automatic))
    rows = list(_mapping_rows(project_id, wanted, automatic=automatic))
    if rows:
        connection.execute(insert(CODE_MAPPINGS), rows)
    link_repositories(connection, project_id, {one.repository_id for one in wanted})


def _mapping_rows(project_id: int, wanted: Sequence[CodeMapping], *, automatic: bool) -> Iterator[dict[str, Any]]:
    for one in wanted:
        yield {
            "project_id": project_id,
            "stack_root": one.stack_root,
            "source_root": one.source_root,
            "repository_id": one.repository_id,
            "automatic": automatic,
        }
