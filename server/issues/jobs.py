"""The jobs of issues, made from an opened installation."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from server.issues.escalation import escalate
from server.issues.upkeep import Expiry, Stores, age, prioritise, resolve_quiet
from server.jobs import Job, JobRun
from server.runner import make_runner

if TYPE_CHECKING:
    from server.compose import Installation


def stores_of(installation: Installation) -> Stores:
    """Return what upkeep works on."""
    runner = make_runner(installation)
    return Stores(installation.metadata, runner.run, installation.mirror.sync, installation.clock)


def expiry_job(installation: Installation) -> Job:
    """Return the job that ends archiving whose condition is met."""
    expiry = Expiry(stores_of(installation))

    def run(_: JobRun) -> str:
        return f"{expiry.end()} issues are open again"

    return Job("issue-expiry", timedelta(minutes=1), run)


def escalation_job(installation: Installation) -> Job:
    """Return the job that marks issues that escalate."""
    stores = stores_of(installation)

    def run(_: JobRun) -> str:
        return f"{escalate(stores)} issues escalate"

    return Job("issue-escalation", timedelta(minutes=5), run)


def upkeep_job(installation: Installation) -> Job:
    """Return the job that does to issues what time does."""
    stores = stores_of(installation)

    def run(at_work: JobRun) -> str:
        done = []
        for work, said in ((age, "are ongoing"), (resolve_quiet, "resolved"), (prioritise, "prioritised")):
            if at_work.stopping:
                break
            done.append(f"{work(stores)} {said}")
        return ", ".join(done)

    return Job("issue-upkeep", timedelta(hours=1), run)
