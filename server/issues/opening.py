"""What is made of issues from an opened installation: the watch of the writer, and the book of releases it asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from queries.run import Runner
from server.issues.releases import ReleaseBook
from server.issues.watch import RegressionWatch

if TYPE_CHECKING:
    from server.compose import Installation


def release_book(installation: Installation) -> ReleaseBook:
    """Return the book of releases of an installation."""
    return ReleaseBook(installation.metadata, Runner(installation.store, installation.clock).run, installation.clock)


def regression_watch(installation: Installation) -> RegressionWatch:
    """Return what looks at stored errors for events of resolved issues."""
    return RegressionWatch(installation.metadata, installation.mirror.sync, release_book(installation))
