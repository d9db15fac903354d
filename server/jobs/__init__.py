"""Work that is done now and then: each job in one process at a time, whatever number of processes there are.

`server.jobs.known` lists the jobs of an installation; each has a line there.
"""

from __future__ import annotations

from server.jobs.model import Job, JobRun
from server.jobs.runner import JobRunner

__all__ = ["Job", "JobRun", "JobRunner"]
