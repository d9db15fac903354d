"""The first event of a project is whatever it sends first."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pyarrow as pa
import pytest

from engine.clock import FixedClock
from server.http.first_events import FirstEvents
from server.query_service import QueryService, Question

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
_SCHEMA = pa.schema([("project_id", pa.uint64()), ("first", pa.timestamp("us", tz="UTC"))])


@dataclass
class Answers:
    """Stands for the query service: first times by data set and project."""

    first: dict[str, dict[int, datetime]]
    asked: list[tuple[int, ...]] = field(default_factory=list)

    def answer(self, question: Question, _principal: object) -> Any:
        assert question.projects is not None
        self.asked.append(tuple(question.projects))
        found = self.first.get(question.text.split()[1], {})
        rows = [{"project_id": k, "first": v} for k, v in found.items() if k in question.projects]
        return SimpleNamespace(table=pa.Table.from_pylist(rows, schema=_SCHEMA))


def first_events(answers: Answers) -> FirstEvents:
    return FirstEvents(cast("QueryService", answers), FixedClock(NOON))


@pytest.mark.parametrize("dataset", ["errors", "spans", "logs", "metrics", "sessions", "check_ins", "feedback"])
def test_a_project_that_sends_only_one_kind_of_data_has_begun(dataset: str):
    """A page that waits for the first event does not wait for ever."""
    assert first_events(Answers({dataset: {1: NOON}})).of((1, 2)) == {1: "2026-11-21T12:00:00Z"}


def test_the_earliest_counts_and_what_is_known_is_not_asked_again():
    """Only projects without events cost a question."""
    answers = Answers({"logs": {1: NOON}, "errors": {1: NOON.replace(hour=9)}})
    first = first_events(answers)
    assert first.of((1, 2)) == {1: "2026-11-21T09:00:00Z"}
    answers.asked.clear()
    assert first.of((1, 2)) == {1: "2026-11-21T09:00:00Z"}
    assert set(answers.asked) == {(2,)}
    answers.asked.clear()
    assert (first.of((1,)), answers.asked) == ({1: "2026-11-21T09:00:00Z"}, [])
