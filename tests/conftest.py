"""What all tests share: one event store for the whole run, because a process can open one chDB directory only."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from engine.eventstore import EventStore, open_store


@pytest.fixture(scope="session")
def event_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventStore]:
    """The migrated embedded store. Tests share it: use project ids of your own, see `new_project_id`."""
    store = open_store(f"chdb://{tmp_path_factory.mktemp('store')}")
    store.migrate()
    yield store
    store.close()


@pytest.fixture(scope="session")
def new_project_id() -> Callable[[], int]:
    """A function that gives a project id nobody else in the run has."""
    numbers = itertools.count(1_000_000)
    return lambda: next(numbers)
