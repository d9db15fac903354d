"""Issues: one per (project, fingerprint), numbered without gaps, whoever meets them first and how many at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, Connection, Row, and_, func, insert, or_, select, tuple_, update

from engine.errors import NotFound, StateError
from engine.metadata._counters import bump, upsert, value
from engine.metadata._tables import ISSUES, MAPPINGS, OUTBOX, PROJECTS
from engine.metadata.rows import IssueRow, MappingRow, NewIssue, WorkflowNews, issue_mirror_body

MAPPING = "mapping"
WORKFLOW = "workflow"
"""Counter of changes of state."""

Pair = tuple[int, int]

_CHUNK = 400
_T = TypeVar("_T")


def batched(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """Yield values some at a time: a statement takes so many parameters and no more."""
    for first in range(0, len(values), _CHUNK):
        yield values[first : first + _CHUNK]


def among(project: Column[int], other: Column[int], pairs: Iterable[Pair]) -> ColumnElement[bool]:
    """Return the condition that two columns are one of some pairs, project first; there is at least one.

    SQLite reads the whole table for `(a, b) IN (VALUES …)`, 7 ms for 25 of 10 000 issues; this it looks up by index.
    """
    by_project: dict[int, list[int]] = defaultdict(list)
    for project_id, number in pairs:
        by_project[project_id].append(number)
    return or_(*(and_(project == project_id, other.in_(some)) for project_id, some in by_project.items()))


def issue_row(row: Row[Any]) -> IssueRow:
    """Return a row of the table as others see it."""
    return IssueRow(
        issue_id=row.issue_id,
        project_id=row.project_id,
        number=row.number,
        short_id=row.short_id,
        fingerprint=row.fingerprint,
        title=row.title,
        culprit=row.culprit,
        level=row.level,
        status=row.status,
        substatus=row.substatus,
        assignee=row.assignee,
        priority=row.priority,
        first_seen=row.first_seen,
        row_version=row.row_version,
        since=row.since or row.first_seen,
        condition=row.condition,
        priority_by=row.priority_by,
        base_priority=row.base_priority,
        first_release=row.first_release,
        state_seq=row.state_seq,
    )


def known(connection: Connection, pairs: Iterable[Pair]) -> dict[Pair, IssueRow]:
    """Return the issues of those (project, fingerprint) pairs that have one, mapped ones included."""
    wanted = sorted(set(pairs))
    mapped: dict[Pair, Pair] = {}
    found: dict[Pair, IssueRow] = {}
    for chunk in batched(wanted):
        theirs = among(MAPPINGS.c.project_id, MAPPINGS.c.fingerprint, chunk)
        for row in connection.execute(select(MAPPINGS).where(theirs)):
            mapped[row.project_id, row.fingerprint] = (row.project_id, row.issue_id)
        theirs = among(ISSUES.c.project_id, ISSUES.c.fingerprint, chunk)
        for row in connection.execute(select(ISSUES).where(theirs)):
            found[row.project_id, row.fingerprint] = issue_row(row)
    targets = by_ids(connection, mapped.values())
    found.update({pair: targets[target] for pair, target in mapped.items() if target in targets})
    return found


def by_ids(connection: Connection, ids: Iterable[Pair]) -> dict[Pair, IssueRow]:
    """Return issues by (project, issue id); unknown ones are absent."""
    found: dict[Pair, IssueRow] = {}
    for chunk in batched(sorted(set(ids))):
        theirs = among(ISSUES.c.project_id, ISSUES.c.issue_id, chunk)
        for row in connection.execute(select(ISSUES).where(theirs)):
            found[row.project_id, row.issue_id] = issue_row(row)
    return found


def fingerprints(connection: Connection, ids: Iterable[Pair]) -> set[int]:
    """Return every fingerprint events of these issues can have: the one each began with, and those mapped to it."""
    found: set[int] = set()
    for chunk in batched(sorted(set(ids))):
        for table in (ISSUES, MAPPINGS):
            # The mapping is not indexed by issue, but by project: it holds exceptions only.
            theirs = among(table.c.project_id, table.c.issue_id, chunk)
            found.update(connection.scalars(select(table.c.fingerprint).where(theirs)))
    return found


def create_missing(connection: Connection, seen: Mapping[Pair, NewIssue], now: datetime) -> dict[Pair, IssueRow]:
    """Give every pair of `seen` its issue, inside a writing transaction.

    The rows of the projects are locked first, in order, so that numbers are given by one transaction at a time and
    two transactions cannot wait for each other. Then the pairs are looked up again: another writer may have been
    faster between the caller's look and the lock.
    """
    _locked_projects(connection, {project for project, _ in seen})
    found = known(connection, seen)
    missing = [seen[pair] for pair in sorted(seen) if pair not in found]
    if not missing:
        return found
    create(connection, missing, now)
    return known(connection, seen)


def create(connection: Connection, missing: Sequence[NewIssue], now: datetime) -> list[IssueRow]:
    """Create issues that do not exist, in the order given, inside a writing transaction; the projects are locked."""
    projects = _locked_projects(connection, {new.project_id for new in missing})
    numbers = {row.id: row.last_issue_number for row in projects.values()}
    created: list[IssueRow] = []
    for new in missing:
        numbers[new.project_id] += 1
        created.append(_new_row(new, numbers[new.project_id], projects[new.project_id].slug))
    if not created:
        return []
    rows = [{name: getattr(row, name) for name in ISSUES.c.keys()} for row in created]  # noqa: SIM118 - a collection
    connection.execute(upsert(connection.dialect, ISSUES).on_conflict_do_nothing(), rows)
    for project_id, number in numbers.items():
        connection.execute(update(PROJECTS).where(PROJECTS.c.id == project_id).values(last_issue_number=number))
    tell(connection, created, now)
    return created


def _locked_projects(connection: Connection, ids: set[int]) -> dict[int, Row[Any]]:
    query = select(PROJECTS).where(PROJECTS.c.id.in_(ids)).order_by(PROJECTS.c.id).with_for_update()
    rows = {row.id: row for row in connection.execute(query)}
    unknown = sorted(ids - rows.keys())
    if unknown:
        raise StateError(
            f"There are no projects with the numbers {', '.join(map(str, unknown))}.",
            code="project-unknown",
            hint="The events belong to another installation, or the metadata database was replaced.",
        )
    return rows


def base_priority(level: str, handled: bool | None) -> str:
    """Return what the level and the handling make of a priority: what nobody caught comes first."""
    if level == "fatal":
        return "high"
    if level in {"info", "debug"}:
        return "low"
    return "high" if level == "error" and handled is not True else "medium"


def _new_row(new: NewIssue, number: int, slug: str) -> IssueRow:
    base = base_priority(new.level, new.handled)
    return IssueRow(
        issue_id=new.issue_id,
        project_id=new.project_id,
        number=number,
        short_id=f"{slug.upper()}-{number}",
        fingerprint=new.fingerprint,
        title=new.title,
        culprit=new.culprit,
        level=new.level,
        status="unresolved",
        substatus="new",
        assignee="",
        priority=base,
        first_seen=new.first_seen,
        row_version=1,
        since=new.first_seen,
        base_priority=base,
        first_release=new.first_release,
    )


def tell(connection: Connection, changed: Sequence[IssueRow], now: datetime) -> None:
    """Put issues as they are now into the outbox, for the mirror."""
    away = merged_away(connection, changed)
    bodies = (issue_mirror_body(row, away.get((row.project_id, row.issue_id), 0)) for row in changed)
    connection.execute(insert(OUTBOX), [{"kind": "issue", "body": body, "created_at": now} for body in bodies])


def merged_away(connection: Connection, issues: Iterable[IssueRow]) -> dict[Pair, int]:
    """Return (project id, issue id) -> the issue its own fingerprint belongs to, of those merged into another."""
    owner = {(row.project_id, row.fingerprint): row.issue_id for row in issues}
    found: dict[Pair, int] = {}
    for chunk in batched(sorted(owner)):
        theirs = among(MAPPINGS.c.project_id, MAPPINGS.c.fingerprint, chunk)
        for row in connection.execute(select(MAPPINGS).where(theirs)):
            issue_id = owner[row.project_id, row.fingerprint]
            if row.issue_id != issue_id:
                found[row.project_id, issue_id] = row.issue_id
    return found


def map_fingerprint(connection: Connection, mapping: MappingRow, now: datetime) -> MappingRow:
    """Make a fingerprint belong to an existing issue, and tell the mirror; `mapping.version` is not looked at."""
    target = (mapping.project_id, mapping.issue_id)
    if target not in by_ids(connection, [target]):
        raise NotFound("There is no such issue to map a fingerprint to.", code="issue-unknown")
    version = bump(connection, MAPPING)
    values = {
        "project_id": mapping.project_id,
        "fingerprint": mapping.fingerprint,
        "issue_id": mapping.issue_id,
        "version": version,
        "author": mapping.author,
    }
    put = upsert(connection.dialect, MAPPINGS).values(**values, created_at=now)
    put = put.on_conflict_do_update(
        index_elements=["project_id", "fingerprint"],
        set_={name: put.excluded[name] for name in ("issue_id", "version", "author", "created_at")},
    )
    connection.execute(put)
    connection.execute(insert(OUTBOX).values(kind=MAPPING, body=values, created_at=now))
    return MappingRow(mapping.project_id, mapping.fingerprint, mapping.issue_id, version, mapping.author)


def page(connection: Connection, after: Pair, limit: int) -> list[IssueRow]:
    """Return up to `limit` issues behind the pair (project id, issue number), in that order."""
    key = tuple_(ISSUES.c.project_id, ISSUES.c.number)
    query = select(ISSUES).where(key > after).order_by(ISSUES.c.project_id, ISSUES.c.number).limit(limit)
    return [issue_row(row) for row in connection.execute(query)]


def versions(connection: Connection) -> tuple[int, int]:
    """Return the number of issues and the sum of their row versions."""
    row = connection.execute(select(func.count(), func.coalesce(func.sum(ISSUES.c.row_version), 0))).one()
    return int(row[0]), int(row[1])


def mapping_versions(connection: Connection) -> tuple[int, int, int]:
    """Return the number of mappings, the sum of their versions, and the number of issues merged into others."""
    rows, total = connection.execute(select(func.count(), func.coalesce(func.sum(MAPPINGS.c.version), 0))).one()
    own = (MAPPINGS.c.project_id == ISSUES.c.project_id) & (MAPPINGS.c.fingerprint == ISSUES.c.fingerprint)
    away = select(func.count()).select_from(ISSUES).join(MAPPINGS, own).where(MAPPINGS.c.issue_id != ISSUES.c.issue_id)
    return int(rows), int(total), int(connection.execute(away).scalar_one())


def in_state(
    connection: Connection, statuses: Sequence[str], substatuses: Sequence[str] | None, before: datetime | None
) -> list[IssueRow]:
    """Return the issues of live projects in a state, by project and number; `before` cuts to those in it for longer.

    What was merged into another is not among them: its events count there, and to it nothing happens by itself.
    """
    alive = select(PROJECTS.c.id).where(PROJECTS.c.deleted_at.is_(None))
    own = (MAPPINGS.c.project_id == ISSUES.c.project_id) & (MAPPINGS.c.fingerprint == ISSUES.c.fingerprint)
    away = select(MAPPINGS.c.issue_id).where(own, MAPPINGS.c.issue_id != ISSUES.c.issue_id).exists()
    query = select(ISSUES).where(ISSUES.c.status.in_(statuses), ISSUES.c.project_id.in_(alive), ~away)
    if substatuses is not None:
        query = query.where(ISSUES.c.substatus.in_(substatuses))
    if before is not None:
        query = query.where(func.coalesce(ISSUES.c.since, ISSUES.c.first_seen) < before)
    rows = connection.execute(query.order_by(ISSUES.c.project_id, ISSUES.c.number))
    return [issue_row(row) for row in rows]


def changes_since(connection: Connection, place: int, version: int) -> WorkflowNews:
    """Return what changed behind a place in the changes of state and a version of the mapping.

    From the begin (-1) only issues that are not unresolved are given: the others are what is not told.
    """
    now_at, now_version = value(connection, WORKFLOW), value(connection, MAPPING)
    states: Sequence[IssueRow] = ()
    if now_at > place:
        changed = ISSUES.c.state_seq > place if place >= 0 else ISSUES.c.status != "unresolved"
        states = [issue_row(row) for row in connection.execute(select(ISSUES).where(changed))]
    moved: Sequence[MappingRow] = ()
    if now_version > version:
        query = select(MAPPINGS).where(MAPPINGS.c.version > version).order_by(MAPPINGS.c.version)
        rows = connection.execute(query)
        moved = [MappingRow(r.project_id, r.fingerprint, r.issue_id, r.version, r.author) for r in rows]
    return WorkflowNews(now_at, now_version, tuple(states), tuple(moved))


def by_short_id(connection: Connection, short_id: str) -> IssueRow | None:
    """Return the issue people call `short_id`, in any case, or None."""
    row = connection.execute(select(ISSUES).where(ISSUES.c.short_id == short_id.upper())).first()
    return None if row is None else issue_row(row)


def by_short_ids(connection: Connection, short_ids: Iterable[str]) -> dict[str, IssueRow]:
    """Return issues by what people call them, in any case; unknown ones are absent."""
    called: dict[str, list[str]] = {}
    for short_id in short_ids:
        called.setdefault(short_id.upper(), []).append(short_id)
    found: dict[str, IssueRow] = {}
    for chunk in batched(list(called)):
        for row in connection.execute(select(ISSUES).where(ISSUES.c.short_id.in_(chunk))):
            found |= dict.fromkeys(called[row.short_id], issue_row(row))
    return found


def mappings(connection: Connection) -> list[MappingRow]:
    """Return every exception to the default issues."""
    rows = connection.execute(select(MAPPINGS).order_by(MAPPINGS.c.version))
    return [MappingRow(r.project_id, r.fingerprint, r.issue_id, r.version, r.author) for r in rows]
