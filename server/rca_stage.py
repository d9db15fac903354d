"""The stage `rca`: analyses of root causes for queries, on behalf of whoever asked the query.

An analysis asks a dozen questions, some of them with steps in the process of their own. They have a runner and places
of their own: waiting for those of everybody, as many analyses at a time as there are places would wait for each other.
What the one who asked may not see is not seen here either, and what was read is part of the query's cost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iam import Action
from queries.detectors import Cause, CauseQuestion, Causes
from queries.frames import FRAME_RUN
from server.asker import asker
from server.compose import Installation

if TYPE_CHECKING:
    from server.rca.service import Finding

_MOST_EVIDENCE = 6


class QueriedCauses:
    """Makes the analyses of an installation that queries ask for.

    Args:
        installation: an opened one.
    """

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def __call__(self, question: CauseQuestion) -> Causes:
        """Return the possible causes; see `queries.detectors.CauseFinder`."""
        # Start-up time: few queries have the stage, and the rest of the server needs none of it.
        from server.issues.looking import Look  # noqa: PLC0415
        from server.rca.opening import opened_issues  # noqa: PLC0415
        from server.rca.service import RootCause  # noqa: PLC0415
        from server.rca.subjects import Asked  # noqa: PLC0415

        if not question.projects:
            return Causes((), ("There is no project to look at.",))
        made = self._installation
        look = Look(
            asker(), question.projects, question.environments, question.start, question.end, Action.EVENT_READ
        )  # fmt: skip
        with opened_issues(made) as (queries, issues):
            rootcause = RootCause(queries, made.metadata, issues, made.clock)
            asking = rootcause.asking(look)
            run = FRAME_RUN.get()
            if run is not None:
                run.unwanted.add_done_callback(lambda _: asking.cancel())
            window = (question.start, question.end)
            found = rootcause.find(look, Asked(query=question.text), window, question.baseline, asking)
        return _causes(found)


def _causes(found: Finding) -> Causes:
    from server.rca.frames import moment  # noqa: PLC0415 - likewise

    told = found.diagnosis
    titles = {one.id: one.title or one.id for one in found.case.changes}
    onset = None if told.onset is None else moment(told.onset.at)
    rows = tuple(
        Cause(
            kind=one.kind.value,
            service=one.node,
            change=titles.get(one.change or "", one.change or ""),
            confidence=one.confidence,
            onset=onset,
            why=one.title,
            evidence=tuple(dict.fromkeys([link.text for link in one.chain] + [e.text for e in one.evidence]))[
                :_MOST_EVIDENCE
            ],
        )
        for one in told.hypotheses
    )
    notes = found.notes if rows else (told.why, *found.notes)
    return Causes(rows, tuple(note for note in notes if note), found.rows_read)
