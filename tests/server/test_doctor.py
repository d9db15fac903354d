"""`amber doctor` and the figures behind it; dead letters looked at, replayed and dropped over HTTP's service."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from engine.datadir import DataDirectory
from engine.errors import NotFound, UserError
from engine.metadata import MetadataStore
from engine.snapshot import publish
from iam import LOCAL
from ingest.deadbox import DeadBox
from ingest.deadletters import DeadLetters
from ingest.records import DeadLetter, RawRecord, encode_record
from ingest.sink import ShardedSink
from server.cli.dlq import app as dlq
from server.cli.doctor import app
from server.dead_letters import DeadLetterService, letter_facts
from server.doctor import Doctor, Finding, worst
from server.pipeline import backlog
from server.settings import Settings
from server.shards import fixed_shards
from tests.ingest.helpers import NOW_NS, snapshot
from tests.metadata import upgraded

HOUR_NS = 3600 * 10**9


@pytest.fixture
def data(tmp_path: Path) -> DataDirectory:
    """A data directory nobody serves."""
    directory = DataDirectory.at(tmp_path / "data")
    directory.create()
    directory.root.chmod(0o700)
    fixed_shards(directory.root, 1)
    publish(directory.config_snapshot, snapshot())
    return directory


def free_settings(data: DataDirectory, **given: Any) -> Settings:
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        ports = {"port": one.getsockname()[1], "ingest_port": two.getsockname()[1]}
    return Settings(data=data.root, **{**ports, "min_free_disk": 1, **given})


def examined(settings: Settings, **environ: str) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for finding in Doctor(settings, environ).findings():
        found.setdefault(finding.name, []).append(finding)
    return found


def letter(number: int, kind: str = "invalid") -> DeadLetter:
    body = b'{"message":"x"}'
    return DeadLetter(
        f"web/0/1:{number}#0", kind, "json", "", "event", 1, 7, NOW_NS, body, b'{"type":"event"}', "a" * 32
    )


def put_letters(data: DataDirectory, *letters: DeadLetter) -> None:
    box = DeadBox(data.spool / "dead" / "normaliser-0")
    box.add(letters)
    box.close()


def test_a_well_directory_without_a_server_has_one_warning(data: DataDirectory) -> None:
    """That nothing runs, and how to start it."""
    found = examined(free_settings(data))
    wrong = [finding for findings in found.values() for finding in findings if finding.level != "ok"]
    assert [(finding.name, finding.todo) for finding in wrong] == [("server", "amber serve")]
    assert worst(wrong) == "warning"


def test_what_is_wrong_is_said_with_what_to_do(data: DataDirectory) -> None:
    """A misspelt variable, an open directory, a full disk, a taken port, letters, a project without a key."""
    data.root.chmod(0o755)
    put_letters(data, letter(1), letter(2))
    config = snapshot()
    publish(data.config_snapshot, type(config)(1, {}, config.projects))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = free_settings(data, port=taken.getsockname()[1], min_free_disk=2**60, spool_budget=1)
        found = examined(settings, AMBER_DTA="/x")
    assert "did you mean AMBER_DATA" in found["settings"][0].said
    assert found["data directory"][0].todo.startswith("chmod 700")
    assert [finding.level for finding in found["disk"]] == ["failed", "failed"]
    assert "2 invalid: json." in found["dead letters"][0].said
    assert any("no active key" in finding.said for finding in found["configuration"])
    assert any(finding.level == "failed" and "cannot be listened on" in finding.said for finding in found["server"])


def test_a_directory_that_is_none_ends_the_examination(tmp_path: Path) -> None:
    """Exit status 4, as for every state that is not as it must be."""
    result = CliRunner().invoke(app, ["--data", str(tmp_path / "nothing"), "--json"])
    told = json.loads(result.stdout)
    assert (result.exit_code, told["level"]) == (4, "failed")
    assert {finding["name"] for finding in told["findings"]} == {"settings", "data directory"}


def test_the_backlog_tells_bytes_and_age_of_what_waits(data: DataDirectory) -> None:
    """Of every producer, up to what the normaliser has committed."""
    assert backlog(data, NOW_NS).raw_bytes == 0
    sink = ShardedSink(data.raw_root / "ingest-0", 1)
    for age in (2, 1):
        sink.append(b"k", encode_record(RawRecord("envelope", NOW_NS - age * HOUR_NS, 1, 7, b"{}\n")))
    sink.close()
    ready = data.ready_root / "0" / "000000000001-000000000000-000000000009.web.errors.arrow"
    ready.parent.mkdir(parents=True)
    ready.write_bytes(b"")
    waiting = backlog(data, NOW_NS)
    assert waiting.raw_bytes > 0
    assert waiting.raw_age_s == 7200
    assert waiting.ready_files == 1
    assert any(
        "wait to be normalised, the oldest for" in finding.said for finding in examined(free_settings(data))["pipeline"]
    )


def test_dead_letters_are_dropped_and_replayed_once_and_remembered(data: DataDirectory, tmp_path: Path) -> None:
    """Dropped ones are in no list; both are in the audit."""
    metadata = upgraded(MetadataStore(f"sqlite:///{tmp_path}/meta.sqlite3"))
    put_letters(data, letter(1), letter(2), letter(3, "set_aside"))
    service = DeadLetterService(data, 1, metadata)
    assert letter_facts(service.one(letter(1).id))["reason"] == "json"
    with pytest.raises(UserError):
        service.drop(LOCAL, [])
    assert service.drop(LOCAL, [letter(1).id]) == 1
    with pytest.raises(NotFound):
        service.one(letter(1).id)
    assert service.replay(LOCAL, [], kind="set_aside", everything=True) == 1
    assert [one.id for one in service.page()] == [letter(2).id]
    assert backlog(data).raw_bytes > 0
    actions = [row.action for row in metadata.audit_about("deadletters")]
    assert sorted(actions) == ["deadletter.drop", "deadletter.replay"]
    metadata.close()


def test_the_command_line_drops_letters(data: DataDirectory) -> None:
    """By id or all."""
    put_letters(data, letter(1), letter(2))
    result = CliRunner().invoke(dlq, ["drop", letter(1).id, "--data", str(data.root)])
    assert (result.exit_code, result.stdout.strip()) == (0, "1 of 1 dropped")
    assert CliRunner().invoke(dlq, ["drop", "--all", "--data", str(data.root)]).stdout.strip() == "1 of 1 dropped"
    assert list(DeadLetters(data).letters()) == []
