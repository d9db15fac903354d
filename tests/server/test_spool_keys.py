"""What a server without the key of its dead letters says of them."""

from __future__ import annotations

from pathlib import Path

from engine.datadir import DataDirectory
from ingest.deadbox import DeadBox
from ingest.records import DeadLetter
from server.pipeline import dead_letter_counts

LETTER = DeadLetter("p/0/1:8#0", "invalid", "json", "", "event", 1, 7, 1, b"{")


def test_figures_do_not_fail_where_a_key_is_missing(tmp_path: Path) -> None:
    """Letters that cannot be read are told as such; with the key each is counted by its reason."""
    data = DataDirectory.at(tmp_path / "data", "k" * 32)
    data.create()
    box = DeadBox(data.dead_letters / "normaliser-0", keys=data.spool_keys)
    box.add([LETTER])
    box.close()
    assert dead_letter_counts(data) == {("invalid", "json"): 1}
    assert dead_letter_counts(DataDirectory.at(data.root)) == {("unreadable", "spool-key-unknown"): 1}
