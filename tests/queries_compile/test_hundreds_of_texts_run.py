"""Hundreds of random texts are run: what plans also runs, and its columns are what was announced."""

from __future__ import annotations

import pyarrow as pa
import pytest

from engine.clock import FixedClock
from queries.errors import LimitReached, QueryError
from queries.run import Runner
from server.detectors import DETECTORS
from tests.queries_compile.conftest import NOW, Shop
from tests.queries_compile.spoken import Speaker

TEXTS = 320


@pytest.fixture(scope="module")
def runner(shop: Shop) -> Runner:
    """A runner with detectors, over the shop."""
    return Runner(shop.runner._store, FixedClock(NOW), detectors=DETECTORS)


@pytest.mark.parametrize("part", range(8))
def test_what_plans_runs(runner: Runner, shop: Shop, part: int) -> None:
    """The engine refuses nothing that the compiler made; a column is of one type."""
    ran = 0
    for number in range(part, TEXTS, 8):
        text = Speaker(number * 7919).text()
        try:
            found = runner.run(text, shop.context)
        except (QueryError, LimitReached):
            continue
        ran += 1
        assert [column.name for column in found.columns] == found.table.column_names, text
        assert not [f for f in found.table.schema if pa.types.is_union(f.type)], text
    assert ran > TEXTS // 8 // 5
