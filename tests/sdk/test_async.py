"""The client on asyncio: many questions at once, and a cancelled task cancels its query."""

from __future__ import annotations

import asyncio
import sys
import threading
from types import SimpleNamespace
from typing import Any

import pytest

import amber


@pytest.fixture
def answers(fake: Any) -> SimpleNamespace:
    """What the fake can be told to answer."""
    module = sys.modules[type(fake).__module__]
    return SimpleNamespace(Answer=module.Answer)


class Both:
    """Tells that it is waited for, and lets go when it is told."""

    def __init__(self, asked: threading.Event, going: threading.Event) -> None:
        self._asked, self._going = asked, going

    def wait(self, timeout: float) -> bool:
        self._asked.set()
        return self._going.wait(timeout)


def test_questions_are_awaited_also_many_at_once(fake: Any) -> None:
    async def ask() -> list[int]:
        async with amber.connect_async(fake.url, "t") as client:
            found = await asyncio.gather(client.query(amber.errors.limit(5)), client.sql("SELECT 1"))
            return [len(one) for one in found]

    assert asyncio.run(ask()) == [2, 2]
    assert {seen.body.get("query") or seen.body.get("sql") for seen in fake.queries()} >= {"from errors | limit 5"}


def test_a_cancelled_task_cancels_its_query(fake: Any, answers: Any) -> None:
    asked, going = threading.Event(), threading.Event()
    fake.script.append(answers.Answer(wait_for=Both(asked, going)))
    fake.on_cancel = going.set

    async def ask() -> None:
        async with amber.connect_async(fake.url, "t") as client:
            task = asyncio.create_task(client.query("from errors"))
            await asyncio.to_thread(asked.wait, 60)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(ask())
    assert fake.cancelled == [fake.queries()[0].body["query_id"]]
