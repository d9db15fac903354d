"""Faults that pass are told apart from batches that will never go in."""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from engine.errors import AmberError
from engine.eventstore import EventStore
from engine.eventstore._failures import amber_error
from engine.eventstore._files import as_one_batch
from engine.eventstore.errors import StoreRejected, StoreUnavailable


def test_an_error_of_the_insert_itself_is_not_taken_for_a_broken_file(arrow_file: Any, rows_of: Any, tmp_path: Path):
    """What fails while the file is in use keeps its own name: a broken disk is no broken batch."""
    path = arrow_file(tmp_path / "good.arrow", rows_of("outcomes", [{"project_id": 1}]))
    with pytest.raises(OSError, match="disk") as caught, as_one_batch(path):
        raise OSError(errno.EIO, "the disk failed")
    assert not isinstance(caught.value, AmberError)


def test_a_file_that_cannot_be_opened_for_now_may_be_tried_again(
    arrow_file: Any, rows_of: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Too many open files is the system's trouble, and passes."""
    path = arrow_file(tmp_path / "good.arrow", rows_of("outcomes", [{"project_id": 1}]))

    def refused(_: str) -> pa.MemoryMappedFile:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(pa, "memory_map", refused)
    with pytest.raises(StoreUnavailable), as_one_batch(path):
        pass


def test_a_file_that_is_cut_short_is_rejected(
    event_store: EventStore,
    arrow_file: Callable[[Path, pa.Table], Path],
    rows_of: Callable[[str, Sequence[Mapping[str, Any]]], pa.Table],
    tmp_path: Path,
):
    """No later try could make it whole."""
    path = arrow_file(tmp_path / "cut.arrow", rows_of("outcomes", [{"project_id": 1}] * 50))
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(StoreRejected):
        event_store.insert_file("outcomes", path, "token-cut")


@pytest.mark.parametrize("code", [173, 204, 243, 439, 745, 999, 1001])
def test_errors_of_disk_and_server_are_trouble_that_passes(code: int):
    """The writer waits instead of putting a good batch aside."""
    assert isinstance(amber_error("Code: it failed.", code), StoreUnavailable)
