"""Reading of new log lines for the templates of a project.

Rows carry the hash of their masked message (`template_id`); which hashes are one template (`template`) is kept here and
gets better with what is read. The mirror is told of it, as of issues. Only hashes with an example are asked for, so the
cost follows the number of different lines.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from engine.clock import Clock
from engine.metadata import LearntTemplates, MetadataStore
from ml.templates import Miner, UnreadableState
from queries.plan import PlanContext
from queries.result import Result

MAX_TEXTS = 20_000
"""Different masked lines that are kept of a project: a few megabytes."""

FIRST_LOOK = timedelta(days=1)
SETTLING = timedelta(minutes=1)
"""What happened so long ago has come through the pipeline; what comes later still has its id, but is not counted."""

_LINES = "from logs | summarize n=count(), line=any(message) by template_id | sort n desc, template_id | limit 20000"

Ask = Callable[[str, PlanContext], Result]


class TemplateLearning:
    """Refines the templates of projects.

    Args:
        ask: answers a Discover text in a context.
        metadata: keeps what is known.
        clock: tells until when lines are read.
    """

    def __init__(self, ask: Ask, metadata: MetadataStore, clock: Clock) -> None:
        self._ask = ask
        self._metadata = metadata
        self._clock = clock

    def run(self, project_id: int) -> int:
        """Read what came since the last time and refine; return how many lines were read.

        Lines and the moment are kept in one transaction: a run that was killed is done again from its begin, and
        counts no line twice.
        """
        miner, since = self._known(project_id)
        until = self._clock.now() - SETTLING
        if until <= since:
            return 0
        lines = self._ask(_LINES, _context(project_id, since, until)).table.to_pylist()
        for row in lines:
            miner.add(row["line"], row["n"])
        if lines:
            miner.refine()
        found = miner.resolved() if lines else {}
        self._metadata.save_log_templates(project_id, LearntTemplates(miner.state(), until, found))
        return sum(row["n"] for row in lines)

    def _known(self, project_id: int) -> tuple[Miner, datetime]:
        saved = self._metadata.log_templates(project_id)
        if saved is None:
            return Miner(MAX_TEXTS), self._clock.now() - FIRST_LOOK
        try:
            return Miner.from_state(saved[0]), saved[1]
        except UnreadableState:
            # Of an older Amber: what is known is learned anew, and rows keep their ids.
            return Miner(MAX_TEXTS), self._clock.now() - FIRST_LOOK


def _context(project_id: int, start: datetime, end: datetime) -> PlanContext:
    return PlanContext(now=end, projects={project_id: str(project_id)}, time_range=(start, end), limit=MAX_TEXTS)
