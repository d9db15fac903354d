"""Jobs: when each is due, and which process has it. One statement takes a job, so two processes cannot both win."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, or_, select, update

from engine.metadata._counters import upsert
from engine.metadata._tables import JOBS
from engine.metadata.job_rows import SKEW, JobEnd, JobRow


def job_row(row: Row[Any]) -> JobRow:
    """Return a row of the table as others see it."""
    return JobRow(
        name=row.name,
        every_s=row.every_s,
        next_due=row.next_due,
        last_started=row.last_started,
        last_finished=row.last_finished,
        last_result=row.last_result,
        last_error=row.last_error,
        failures=row.failures,
        holder=row.holder,
        lease_until=row.lease_until,
    )


def declare(connection: Connection, jobs: Sequence[tuple[str, int]], now: datetime) -> None:
    """Make the rows of jobs, (name, seconds between two runs); a job met for the first time is due at once."""
    for name, every_s in jobs:
        new = upsert(connection.dialect, JOBS).values(
            name=name, every_s=every_s, next_due=now, last_result="", last_error="", failures=0, holder=""
        )
        connection.execute(new.on_conflict_do_update(index_elements=["name"], set_={"every_s": every_s}))


def listed(connection: Connection) -> list[JobRow]:
    """Return every job by name."""
    return [job_row(row) for row in connection.execute(select(JOBS).order_by(JOBS.c.name))]


def claim(connection: Connection, name: str, holder: str, now: datetime, lease: timedelta) -> JobRow | None:
    """Take a job that is due and that nobody holds; None when another was faster or it is not due.

    A lease that ends later than any given now could is of a clock that was ahead, and holds nothing.
    """
    known = connection.execute(select(JOBS).where(JOBS.c.name == name)).first()
    if known is None or not job_row(known).is_due(now):
        return None
    ahead = JOBS.c.lease_until > now + lease + SKEW
    free = or_(JOBS.c.lease_until.is_(None), JOBS.c.lease_until <= now, ahead)
    until = now + lease
    taken = (
        update(JOBS)
        .where(JOBS.c.name == name, JOBS.c.next_due == known.next_due, free)
        .values(holder=holder, lease_until=until, last_started=now)
        .returning(*JOBS.c)
    )
    row = connection.execute(taken).first()
    return None if row is None else job_row(row)


def renew(connection: Connection, name: str, holder: str, until: datetime) -> bool:
    """Hold a job for longer; False when somebody else holds it by now."""
    held = update(JOBS).where(JOBS.c.name == name, JOBS.c.holder == holder).values(lease_until=until)
    return connection.execute(held).rowcount == 1


def finish(connection: Connection, name: str, holder: str, end: JobEnd, now: datetime) -> bool:
    """Write how a run ended and let go; False when somebody else holds the job by now, and nothing is written."""
    done = (
        update(JOBS)
        .where(JOBS.c.name == name, JOBS.c.holder == holder)
        .values(
            holder="",
            lease_until=None,
            last_finished=now,
            next_due=end.next_due,
            last_result=end.result,
            last_error=end.error,
            failures=JOBS.c.failures + 1 if end.error else 0,
        )
    )
    return connection.execute(done).rowcount == 1


def ask(connection: Connection, name: str, now: datetime) -> bool:
    """Make a job due at once; False when there is none of the name."""
    return connection.execute(update(JOBS).where(JOBS.c.name == name).values(next_due=now)).rowcount == 1
