"""Commits as others tell them: `sentry-cli releases set-commits`, and push webhooks of GitHub and GitLab.

Shapes: https://docs.sentry.io/api/releases/create-a-new-release-for-an-organization/ (`commits`, `patch_set`, `refs`),
https://docs.github.com/webhooks/webhook-events-and-payloads#push, https://docs.gitlab.com/user/project/integrations/webhook_events/#push-events.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from engine.commits import ADDED, CHANGES, DELETED, MODIFIED, FileChange, NewCommit
from engine.errors import UserError
from ingest.hexids import row_id
from ingest.normalise.times import time_ns
from ingest.normalise.values import listed, mapping, short

UNNAMED = "unnamed"
"""The repository of commits that were told without one."""

_SHA = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{3,63}")
_MAX_PATH = 1000
_MAX_FILES = 3000
_MAX_MESSAGE = 10_000
_MAX_NAME = 200
_MAX_COMMITS = 2048
_NO_COMMIT = re.compile("0{40,64}")


@dataclass(frozen=True, slots=True)
class Ref:
    """What a release is built from, as `sentry-cli releases set-commits --commit REPO@FROM..TO` says it."""

    repository: str
    commit: str
    previous: str = ""


@dataclass(frozen=True, slots=True)
class Push:
    """A push to a repository.

    Attributes:
        repository: `owner/name`.
        url: where people see it.
        commits: the oldest first, as it was sent.
        forced: whether it replaced commits that were there. GitLab does not tell.
    """

    repository: str
    url: str
    ref: str
    commits: tuple[NewCommit, ...]
    forced: bool = False


@dataclass(frozen=True, slots=True)
class Renamed:
    """A repository that has another name, `owner/name`, or another owner."""

    repository: str
    url: str
    before: str


def commits_of(sent: Sequence[Mapping[str, Any]], now: datetime) -> dict[str, list[NewCommit]]:
    """Return commits as a client sends them, newest first, by name of the repository.

    Raises:
        UserError: one has no id that could be a commit's; all of them are told.
    """
    found: dict[str, list[NewCommit]] = {}
    wrong = []
    for number, one in enumerate(sent):
        sha = short(one.get("id"), 64)
        if not _SHA.fullmatch(sha):
            wrong.append(f"commits.{number}.id")
            continue
        files = one.get("patch_set")
        name = short(one.get("repository"), _MAX_NAME) or UNNAMED
        commit = NewCommit(
            sha,
            short(one.get("author_name"), _MAX_NAME),
            short(one.get("author_email"), _MAX_NAME),
            _moment(one.get("timestamp"), now),
            short(one.get("message"), _MAX_MESSAGE),
            tuple(_patches(files)) if isinstance(files, list) else None,
        )
        found.setdefault(name, []).append(commit)
    if wrong:
        raise UserError(
            f"These are no ids of commits: {', '.join(wrong[:5])}.",
            code="commits-invalid",
            hint="Send `id` (the hash), and `message`, `timestamp`, `author_name`, `author_email`, `patch_set`.",
        )
    return found


def refs_of(sent: Sequence[Mapping[str, Any]]) -> list[Ref]:
    """Return the heads a client names; UserError for one without repository or commit."""
    found = []
    for number, one in enumerate(sent):
        repository, commit = short(one.get("repository"), _MAX_NAME), short(one.get("commit"), 200)
        if not repository or not commit:
            raise UserError(
                f"refs.{number} names no repository or no commit.",
                code="refs-invalid",
                hint="Send `repository`, `commit`, and `previousCommit` if it is known.",
            )
        previous = short(one.get("previousCommit"), 200)
        head, dots, tail = commit.partition("..")
        found.append(Ref(repository, tail, head) if dots else Ref(repository, commit, previous))
    return found


def _patches(sent: Iterable[object]) -> Iterator[FileChange]:
    for number, one in enumerate(sent):
        path = short(mapping(one).get("path"), _MAX_PATH)
        kind = short(mapping(one).get("type"), 1).upper()
        if path and number < _MAX_FILES:
            yield FileChange(path, kind if kind in CHANGES else MODIFIED)


def _moment(sent: object, now: datetime) -> datetime:
    """Return when a commit was made: now when nobody said so, or in words nobody can read."""
    found = time_ns(sent)
    if found is None:
        return now
    try:
        return min(datetime.fromtimestamp(found // 10**9, UTC), now)
    except (ValueError, OverflowError, OSError):
        return now


def github_push(told: Mapping[str, Any], now: datetime) -> Push:
    """Return what a `push` delivery of GitHub tells."""
    repository = mapping(told.get("repository"))
    name, url = short(repository.get("full_name"), _MAX_NAME), short(repository.get("html_url"), 2000)
    return _push(told, name, url, now)


def github_renamed(told: Mapping[str, Any]) -> Renamed | None:
    """Return what a `repository` delivery of GitHub tells of a new name or owner; None when it tells of neither."""
    repository, changes = mapping(told.get("repository")), mapping(told.get("changes"))
    name, url = short(repository.get("full_name"), _MAX_NAME), short(repository.get("html_url"), 2000)
    owner, _, own = name.rpartition("/")
    was = short(mapping(mapping(changes.get("repository")).get("name")).get("from"), _MAX_NAME)
    by = mapping(mapping(changes.get("owner")).get("from"))
    former = short(mapping(by.get("user") or by.get("organization")).get("login"), _MAX_NAME)
    if told.get("action") not in {"renamed", "transferred"} or not own or not (was or former):
        return None
    return Renamed(name, url, f"{former or owner}/{was or own}")


def gitlab_push(told: Mapping[str, Any], now: datetime) -> Push:
    """Return what a push event of GitLab tells."""
    project = mapping(told.get("project"))
    name, url = short(project.get("path_with_namespace"), _MAX_NAME), short(project.get("web_url"), 2000)
    return _push(told, name, url, now)


PUSH_READERS: Mapping[str, Callable[[Mapping[str, Any], datetime], Push]] = {
    "github": github_push,
    "gitlab": gitlab_push,
}
"""What reads a push, by who delivers it."""


def _push(told: Mapping[str, Any], repository: str, url: str, now: datetime) -> Push:
    ref = short(told.get("ref"), 200)
    commits = [found for one in listed(told.get("commits"))[:_MAX_COMMITS] if (found := _pushed(one, now)) is not None]
    return Push(repository or UNNAMED, url, ref.removeprefix("refs/heads/"), tuple(commits), told.get("forced") is True)


def _pushed(sent: object, now: datetime) -> NewCommit | None:
    told, author = mapping(sent), mapping(mapping(sent).get("author"))
    sha = short(told.get("id"), 64)
    if not _SHA.fullmatch(sha) or _NO_COMMIT.fullmatch(sha):
        return None
    lists = (("added", ADDED), ("modified", MODIFIED), ("removed", DELETED))
    files = {
        path: kind for member, kind in lists for path in (short(p, _MAX_PATH) for p in listed(told.get(member))) if path
    }
    said = any(isinstance(told.get(member), list) for member, _ in lists)
    return NewCommit(
        sha,
        short(author.get("name") or author.get("username"), _MAX_NAME),
        short(author.get("email"), _MAX_NAME),
        _moment(told.get("timestamp"), now),
        short(told.get("message"), _MAX_MESSAGE),
        tuple(FileChange(path, kind) for path, kind in list(files.items())[:_MAX_FILES]) if said else None,
    )


def change_of(project_id: int, repository: str, commit: NewCommit, release: str = "", ref: str = "") -> dict[str, Any]:
    """Return a commit as a line of `changes`; told twice, by whomever, it has the same id."""
    title = commit.message.partition("\n")[0].strip()[:_MAX_NAME]
    tags = {"repository": repository, "ref": ref, "email": commit.author_email}
    return {
        "id": row_id("commit", project_id, commit.sha),
        "kind": "commit",
        "title": title or commit.sha[:12],
        "description": commit.message,
        "timestamp": commit.at.isoformat(),
        "author": commit.author_name or commit.author_email,
        "release": release,
        "after": commit.sha,
        "tags": {name: value for name, value in tags.items() if value},
    }
