"""The Discover texts of the release pages. Values stand as parameters; rows are by project and release."""

from __future__ import annotations

from typing import Final

_BY: Final = "by project_id, release"
_SEEN: Final = "first=min(timestamp), last=max(timestamp)"
MOST_RELEASES: Final = 2000
"""Releases of a range that are looked at: those met last."""

_LAST: Final = f"sort last desc, release | limit {MOST_RELEASES}"

SESSIONS: Final = (
    "from sessions has:release | summarize sessions=sum(started_count), crashed=sum(crashed_count), "
    "recent=sum_if(timestamp >= $recent, started_count), "
    'users=count_unique_if(user != "", user), crashed_users=count_unique_if(crashed_count > 0 and user != "", user), '
    f"{_SEEN} {_BY} | {_LAST}"
)
TRANSACTIONS: Final = (
    "from transactions has:release | summarize transactions=count(), recent=count_if(timestamp >= $recent), "
    f"p95=p95(transaction.duration), {_SEEN} {_BY} | {_LAST}"
)
ERRORS: Final = (
    "from errors has:release | summarize errors=count(), recent=count_if(timestamp >= $recent), "
    f"{_SEEN} {_BY} | {_LAST}"
)
NEW_ISSUES: Final = (
    'from issues | where first_release != "" | summarize new_issues=count() by project_id, release=first_release'
    f" | sort new_issues desc, release | limit {MOST_RELEASES}"
)
COUNTED: Final = (SESSIONS, TRANSACTIONS, ERRORS)
"""What tells of releases, what counts for adoption first."""

_ISSUE: Final = "issue, id=issue.id, title, culprit, level, status, substatus, priority, first_seen"


def new_text(limit: int) -> str:
    """Return the text of the issues that were first met in the release `release`, the newest first."""
    return (
        f"from issues | where first_release = $release | project {_ISSUE} | sort first_seen desc, issue | limit {limit}"
    )


def resolved_text(limit: int) -> str:
    """Return the text of the issues that are resolved in the release `release`."""
    kept = 'where resolved_in = $release and status = "resolved"'
    return f"from issues | {kept} | project {_ISSUE} | sort first_seen desc, issue | limit {limit}"


def counts_text() -> str:
    """Return the text of how often each issue happened in the release `release`."""
    return "from errors | where release = $release | summarize events=count(), users=count_unique(user) by id=issue.id"
