"""The Discover texts about failing monitors. Values stand as parameters."""

from __future__ import annotations

HEARD_DAYS = 35
"""A monitor that has told nothing for so long is gone; monthly jobs are not."""

MOST_ROWS = 50_000
MOST_ENDS = 1_000_000
"""Of runs of the monitors that are asked about at once."""

LOGGER = "amber.monitors"
"""Logger of the events made of failing monitors."""

SLUG_TAG = "monitor.slug"

_ENDED = "status:[ok, error, missed, timeout]"
_OF = "project=project_id, monitor, environment"


def failed_text() -> str:
    """Return the text of the monitors of which failures came after `after`, up to `until`."""
    return (
        f"from check_ins last {HEARD_DAYS}d status:[error, missed, timeout]"
        f" | where ingested_at > $after and ingested_at <= $until | summarize n=count() by {_OF} | limit {MOST_ROWS}"
    )


def thresholds_text() -> str:
    """Return the text of what was configured for each monitor, and when last; what Amber makes itself says nothing."""
    return (
        f"from check_ins last {HEARD_DAYS}d has:schedule status:[in_progress, ok, error]"
        " | summarize last=max(timestamp) by project=project_id, monitor, failure_issue_threshold, recovery_threshold"
        f" | limit {MOST_ROWS}"
    )


def history_text(monitors: int, keep: int) -> str:
    """Return the text of the newest `keep` ends of runs of each monitor `m0`, `m1` and so on."""
    named = ", ".join(f"$m{number}" for number in range(monitors))
    return (
        f"from check_ins last {HEARD_DAYS}d {_ENDED} | where monitor in [{named}] and ingested_at <= $until"
        f" | project {_OF}, id, at=timestamp, accepted=ingested_at, status, trace"
        " | window n=row_number() by project, monitor, environment sort at desc, id desc"
        f" | where n <= {int(keep)} | limit {MOST_ENDS}"
    )


def open_issues_text() -> str:
    """Return the text of the unresolved issues of failing monitors, with the monitors in each."""
    return (
        f'from errors last {HEARD_DAYS}d is:unresolved logger:"{LOGGER}"'
        " | summarize last=max(timestamp)"
        f' by project=project_id, issue=issue.id, monitor=tags["{SLUG_TAG}"], environment'
        f" | limit {MOST_ROWS}"
    )


def latest_text() -> str:
    """Return the text of the newest end of a run of every monitor in each environment."""
    return (
        f"from check_ins last {HEARD_DAYS}d {_ENDED} | project {_OF}, at=timestamp, status, id"
        " | window n=row_number() by project, monitor, environment sort at desc, id desc"
        f" | where n <= 1 | limit {MOST_ROWS}"
    )


def configured_text() -> str:
    """Return the text of every configuration a monitor was told with, and when."""
    return (
        f"from check_ins last {HEARD_DAYS}d status:[in_progress, ok, error]"
        " | summarize first=min(timestamp), last=max(timestamp) by project=project_id, monitor, environment,"
        " schedule_type=schedule.type, schedule, timezone, checkin_margin, max_runtime, failure_issue_threshold,"
        f" recovery_threshold | limit {MOST_ROWS}"
    )


def recent_text(keep: int) -> str:
    """Return the text of the newest `keep` ends of runs of every monitor in each environment, the newest first."""
    return (
        f"from check_ins last {HEARD_DAYS}d {_ENDED} | project {_OF}, id, at=timestamp, status, duration"
        " | window n=row_number() by project, monitor, environment sort at desc, id desc"
        f" | where n <= {int(keep)} | sort at desc, id desc | limit {MOST_ROWS}"
    )


def check_ins_text(keep: int) -> str:
    """Return the text of the newest `keep` check-ins of the monitor `$slug`, begun runs too."""
    return (
        f"from check_ins last {HEARD_DAYS}d | where monitor == $slug"
        " | project environment, id, at=timestamp, status, duration, release, trace"
        f" | sort at desc, id desc, status | limit {int(keep)}"
    )
