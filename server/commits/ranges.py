"""Which release came before another: by semantic versions when both are versions of one package, else by time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.artifacts import ReleaseRow
from engine.metadata import MetadataStore
from queries.versions import parse_version

if TYPE_CHECKING:
    from server.commits.git import GitHistory

_MOST_RELEASES = 1000
_SHA = re.compile(r"[0-9a-f]{7,40}")


def before(releases: Sequence[ReleaseRow], version: str) -> list[ReleaseRow]:
    """Return the releases before one, the nearest first.

    Args:
        releases: of one project; `version` need not be among them.
        version: the release.
    """
    wanted = parse_version(version)
    if wanted is not None:
        known = [(found, row) for row in releases if (found := parse_version(row.version)) is not None]
        earlier = [(v.key(), r) for v, r in known if v.package == wanted.package and v.key() < wanted.key()]
        return [row for _, row in sorted(earlier, key=lambda pair: (pair[0], pair[1].id), reverse=True)]
    own = next((row for row in releases if row.version == version), None)
    limit = None if own is None else (own.created_at, own.id)
    others = [row for row in releases if row.version != version and (limit is None or (row.created_at, row.id) < limit)]
    return sorted(others, key=lambda row: (row.created_at, row.id), reverse=True)


def previous_head(metadata: MetadataStore, project_id: int, version: str, repository_id: int) -> str | None:
    """Return what the nearest release before one was built from, None when no release before has told."""
    earlier = before(metadata.releases([project_id], _MOST_RELEASES), version)
    heads = metadata.release_heads([row.id for row in earlier])
    return next((sha for row in earlier if (sha := heads.get(row.id, {}).get(repository_id))), None)


def named_by(version: str, history: GitHistory) -> str | None:
    """Return the commit the name of a release tells: a hash in it, or the tag called so."""
    short = version.rpartition("@")[2]
    bare = short.partition("+")[0]
    for name in dict.fromkeys((version, short, bare, f"v{bare}")):
        found = history.resolve(f"refs/tags/{name}")
        if found is not None:
            return found
    hashes = (word for word in re.split(r"[^0-9A-Za-z]", version) if _SHA.fullmatch(word))
    return next((sha for word in hashes if (sha := history.resolve(word)) is not None), None)
