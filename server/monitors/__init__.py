"""Runs of monitored jobs that nobody told of: those that should have begun and those that should have ended."""

from __future__ import annotations

from server.monitors.judging import Monitor, MonitorRun, Window, missed_runs, timed_out_runs
from server.monitors.schedules import Schedule, ScheduleError, occurrences

__all__ = [
    "Monitor",
    "MonitorRun",
    "Schedule",
    "ScheduleError",
    "Window",
    "missed_runs",
    "occurrences",
    "timed_out_runs",
]
