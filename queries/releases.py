"""Which releases a project has, which of them is the latest, and how far each has spread.

Planning may not look anything up, so what `release:latest` and `release.stage:adopted` need is read beforehand: the
texts of `FACT_QUERIES` give the rows, `release_facts` makes the facts that go into `PlanContext.releases`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from queries.versions import parse_version

ADOPTED, LOW_ADOPTION, REPLACED = "adopted", "low_adoption", "replaced"
STAGES: Final = (ADOPTED, LOW_ADOPTION, REPLACED)
"""Values of `release.stage`."""
STAGE_ALIASES: Final = {"low": LOW_ADOPTION}
"""What Sentry's documentation calls some of them."""

ADOPTED_SHARE = 0.1
"""A release with this share of a day's sessions is adopted: the threshold Sentry documents for adoption stages."""
FACT_DAYS = 30
RECENT = dt.timedelta(days=1)

_EVENTS = "events=count(), recent=count_if(timestamp > ago(24h))"
_SESSIONS = "events=sum(started_count), recent=sum_if(timestamp > ago(24h), started_count)"
_SPAN = "first=min(timestamp), last=max(timestamp) by project=project_id, release, day=bin(timestamp, 1d)"
FACT_QUERIES: Final = tuple(
    f"from {dataset} last {FACT_DAYS}d has:release | summarize {counted}, {_SPAN} | limit 50000"
    for dataset, counted in (("sessions", _SESSIONS), ("transactions", _EVENTS), ("errors", _EVENTS))
)
"""Texts whose rows `release_facts` takes, the data set that counts for adoption first: sessions tell how many use a
release (Sentry's adoption stages count them), transactions how much it is used, errors little of either."""

_NEEDED = re.compile(r'\brelease(?:\.stage"?:|(?:\.version)?"?:(?:!=|=)?(?:\[[^\]]*)?latest)')


def needs_releases(texts: Iterable[str]) -> bool:
    """Whether one of the texts may ask for what `release_facts` knows; sometimes true for one that does not."""
    return any(_NEEDED.search(text) for text in texts)


@dataclass(frozen=True, slots=True)
class ReleaseSeen:
    """One release of one project, as the last `FACT_DAYS` days show it.

    Attributes:
        name: the release.
        first_seen: time of its first event.
        last_seen: time of its last event.
        stage: `adopted`: at least a tenth of the project's sessions with a release are its own in the last 24 hours;
            `replaced`: it had that share on an earlier day and has no longer; `low_adoption`: it never had. Of
            projects without sessions transactions are counted, without these errors.
    """

    name: str
    first_seen: dt.datetime
    last_seen: dt.datetime
    stage: str = LOW_ADOPTION


Releases = Mapping[int, tuple[ReleaseSeen, ...]]
"""By project, the releases there are."""


def release_facts(answers: Iterable[Iterable[Mapping[str, object]]]) -> dict[int, tuple[ReleaseSeen, ...]]:
    """Return the releases of each project.

    Args:
        answers: rows of `FACT_QUERIES`, one answer each, in their order. A project's adoption is taken from the first
            answer that counts something of it.
    """
    counted: dict[int, list[Mapping[str, object]]] = {}
    seen: dict[int, dict[str, tuple[dt.datetime, dt.datetime]]] = defaultdict(dict)
    for rows in answers:
        here: dict[int, list[Mapping[str, object]]] = defaultdict(list)
        for row in rows:
            project, name = _number(row["project"]), str(row["release"])
            here[project].append(row)
            first, last = _time(row["first"]), _time(row["last"])
            known = seen[project].get(name, (first, last))
            seen[project][name] = (min(known[0], first), max(known[1], last))
        counts = {project: told for project, told in here.items() if any(_number(row["events"]) for row in told)}
        counted = counts | counted
    facts: dict[int, tuple[ReleaseSeen, ...]] = {}
    for project, names in seen.items():
        stages = _stages(counted.get(project, []))
        facts[project] = tuple(
            ReleaseSeen(name, first, last, stages.get(name, LOW_ADOPTION)) for name, (first, last) in names.items()
        )
    return facts


def latest_release(seen: Iterable[ReleaseSeen]) -> ReleaseSeen | None:
    """Return the latest of a project's releases: the highest version when the project uses versions, else the newest.

    A project uses versions as Sentry's documentation of release names has it: with up to two releases the newest is
    one; with up to nine, one of the newest three is; with more, one of the newest three and three of the newest ten.
    """
    newest = sorted(seen, key=lambda release: (release.first_seen, release.name), reverse=True)
    if not newest:
        return None
    versions = [parse_version(release.name) is not None for release in newest]
    if not _uses_versions(versions):
        return newest[0]
    return max(
        (release for release, is_version in zip(newest, versions, strict=True) if is_version),
        key=lambda release: (_key(release.name), release.first_seen, release.name),
    )


def _uses_versions(newest_first: list[bool]) -> bool:
    few, some, ten, three = 2, 9, 10, 3
    if len(newest_first) <= few:
        return newest_first[0]
    if len(newest_first) <= some:
        return any(newest_first[:three])
    return any(newest_first[:three]) and sum(newest_first[:ten]) >= three


def _key(name: str) -> tuple[object, ...]:
    version = parse_version(name)
    return () if version is None else version.key()


def _stages(rows: list[Mapping[str, object]]) -> dict[str, str]:
    days: dict[object, int] = defaultdict(int)
    recent: dict[str, int] = defaultdict(int)
    for row in rows:
        days[row["day"]] += _number(row["events"])
        recent[str(row["release"])] += _number(row["recent"])
    all_recent = sum(recent.values())
    once = {str(row["release"]) for row in rows if _number(row["events"]) >= ADOPTED_SHARE * days[row["day"]] > 0}
    stages = dict.fromkeys(recent, LOW_ADOPTION) | dict.fromkeys(once, REPLACED)
    now = [name for name, count in recent.items() if count and count >= ADOPTED_SHARE * all_recent]
    return stages | dict.fromkeys(now, ADOPTED)


def _number(value: object) -> int:
    assert isinstance(value, int)
    return value


def _time(value: object) -> dt.datetime:
    assert isinstance(value, dt.datetime)
    return value
