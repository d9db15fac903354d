"""Starting, stopping and being killed: nothing acknowledged is lost, no process is left behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path

import pytest

import amber as sdk
from benchmarks.serving import free_ports
from tests.server.processes import amber, child_environment, initialised, start_server

COUNT = "from errors | summarize n=count()"


def count_offline(data) -> int:
    """The number of errors in a directory nobody serves."""
    return json.loads(amber("query", COUNT, "--data", str(data), "--format", "json").stdout)["rows"][0][0]


def wait_gone(pids, seconds=60) -> list[int]:
    """Wait until the processes have ended; returns those that have not."""
    deadline = time.monotonic() + seconds
    left = list(pids)
    while left and time.monotonic() < deadline:
        left = [pid for pid in left if alive(pid)]
        time.sleep(0.05)
    return left


def wait_replaced(served, name, old, seconds=90) -> dict:
    """Wait until a process runs under another pid; returns the run file's content."""
    deadline = time.monotonic() + seconds
    while (state := served.state())["pids"].get(name, old) == old:
        assert time.monotonic() < deadline, served.log.read_text()
        time.sleep(0.05)
    return state


def alive(pid) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.chaos
@pytest.mark.parametrize("name", ["ingest-0", "normaliser-0", "web"])
def test_a_killed_process_is_started_again_and_nothing_is_lost(served, name):
    """SIGKILL under load: clients wait or send again, and each event is there exactly once afterwards."""
    old = served.state()["pids"][name]
    sent = []

    def send(number):
        event = {"message": f"{number}", "release": f"kill-{name}", "event_id": uuid.uuid4().hex}
        for _ in range(20):
            try:
                sent.append(served.send(event))
            except (OSError, AssertionError, HTTPException):  # an answer may end in the middle as well
                time.sleep(0.2)
            else:
                return

    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(send, number) for number in range(40)]
        time.sleep(0.05)
        os.kill(old, signal.SIGKILL)
        for job in jobs:
            job.result()
    assert len(sent) == 40
    state = wait_replaced(served, name, old)
    assert state["restarts"][name] == 1
    served.wait_ready()
    mine = f"from errors release:kill-{name} | summarize n=count()"
    assert served.wait_count(mine, 40) == 40
    body = served.request("GET", "/metrics", token=None)[2]
    assert f'amber_process_restarts_total{{process="{name}"}} 1.0' in body.decode()


@pytest.mark.chaos
def test_a_killed_supervisor_leaves_no_process_and_its_clients_find_the_next_one(tmp_path):
    """SIGKILL of the supervisor ends its children; the next start takes up what they left, under a new token.

    A program that has opened the directory goes on with the new server. A second signal stops it at once.
    """
    data = tmp_path / "data"
    port = free_ports()
    facts = initialised(data, "--port", str(port))
    first = start_server(data, port=port)
    first.facts = facts
    pids = first.state()["pids"]
    with sdk.open(data) as client:
        assert client.query(COUNT).rows() == [(0,)]
        for number in range(5):
            first.send({"message": f"before {number}"})
        first.process.kill()
        first.process.wait()
        assert wait_gone(pids.values()) == []
        second = start_server(data, port=port)
        second.facts = facts
        assert second.wait_count(COUNT, 5) == 5
        assert client.query(COUNT).rows() == [(5,)]
    pids = second.state()["pids"]
    os.kill(pids["normaliser-0"], signal.SIGSTOP)
    second.process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    assert second.process.poll() is None
    for _ in range(60):  # two signals that come before the first is looked at are one
        second.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            second.process.wait(1)
        if second.process.poll() is not None:
            break
    assert second.process.poll() == 0
    assert wait_gone(pids.values()) == []


def test_an_empty_directory_is_set_up_by_serve_and_a_stop_drains_what_was_accepted(tmp_path):
    """DSN and password are printed once and work; SIGTERM right after the last 200 loses and leaves nothing."""
    data = tmp_path / "new"
    server = start_server(data)
    text = server.log.read_text()
    said = {words[0]: words[1] for line in text.splitlines() if len(words := line.split()) > 1}
    assert "amber query --data" in text
    server.facts = {"token": server.state()["token"], "dsn": said["DSN"]}
    signed_in = server.request(
        "POST", "/api/v1/session", {"email": said["E-mail"], "password": said["Password"]}, token=None
    )
    assert signed_in[0] in {200, 201}, signed_in
    assert server.ask(COUNT)["rows"] == [[0]]
    pids = list(server.state()["pids"].values())
    for number in range(60):
        server.send({"message": f"last words {number}"})
    assert server.stop(signal.SIGINT) == 0
    assert wait_gone(pids) == []
    assert not (data / "run" / "server.json").exists()
    assert list((data / "spool" / "ready").rglob("*.arrow")) == []
    assert count_offline(data) == 60


def test_a_directory_of_a_newer_version_is_refused_untouched(tmp_path):
    """Every verb says which format is needed, exits with 4 and changes nothing."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "VERSION").write_text("99\n")
    for verb in (("serve",), ("init",), ("query", COUNT), ("load", __file__)):
        done = amber(*verb, "--data", str(data), check=False)
        assert done.returncode == 4, (verb, done.stderr)
        assert "99" in done.stderr
    assert [path.name for path in data.iterdir()] == ["VERSION"]


def test_a_directory_without_data_says_how_to_make_it(tmp_path):
    """A mistyped path is not silently turned into an empty store."""
    done = amber("query", COUNT, "--data", str(tmp_path / "typo"), check=False)
    assert done.returncode == 4
    assert "amber init" in done.stderr
    assert not (tmp_path / "typo").exists()


@pytest.fixture(scope="module")
def idle(tmp_path_factory):
    """An initialised directory nobody serves."""
    data = tmp_path_factory.mktemp("idle") / "data"
    initialised(data)
    return data


def test_a_directory_another_program_has_open_is_refused_with_its_process(idle):
    """`amber.open` owns the directory, twice in one program too; a query beside it is refused with the process."""
    data = idle
    code = (
        "import amber, sys\nclient = amber.open(sys.argv[1])\nother = amber.open(sys.argv[1])\n"
        f"print(client.query({COUNT!r}).rows(), flush=True)\nclient.close()\n"
        f"print(other.query({COUNT!r}).rows(), flush=True)\nsys.stdin.read()\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(data)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=child_environment(),
        text=True,
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    assert [holder.stdout.readline().strip() for _ in range(2)] == ["[(0,)]", "[(0,)]"]
    done = amber("query", COUNT, "--data", str(data), check=False)
    assert done.returncode == 4
    assert str(holder.pid) in done.stderr
    holder.stdin.close()
    holder.wait(60)
    holder.stdout.close()


def test_a_client_of_a_directory_survives_the_start_of_a_new_server(tmp_path):
    """`amber.open` through a server that was stopped and started again finds the new one and its new token."""
    data = tmp_path / "data"
    port = free_ports()
    initialised(data, "--port", str(port))
    first = start_server(data, port=port)
    with sdk.open(data) as client:
        assert client.query(COUNT).rows() == [(0,)]
        assert first.stop() == 0
        second = start_server(data, port=port)
        assert client.query(COUNT).rows() == [(0,)]
        assert second.stop() == 0


def test_files_are_loaded_into_a_directory_nobody_serves(idle, tmp_path):
    """`amber load` alone: outcomes are told, what cannot be read is named, a second run changes nothing."""
    data = idle
    good = tmp_path / "good.ndjson"
    good.write_text("".join(json.dumps({"message": f"m {n}", "event_id": f"{n:032x}"}) + "\n" for n in range(1, 6)))
    bad = tmp_path / "bad.bin"
    bad.write_bytes(b"\x00\x01")
    done = amber("load", str(good), str(bad), "--data", str(data), "--json", check=False)
    facts = json.loads(done.stdout)
    assert (done.returncode, facts["records"], len(facts["problems"])) == (2, 5, 1)
    amber("load", str(good), "--data", str(data))
    assert count_offline(data) == 5


def test_dead_letters_are_listed_shown_and_replayed(idle, tmp_path):
    """What Amber does not read yet is kept aside byte for byte, and can be sent through again."""
    data = idle
    file = tmp_path / "meta.envelope"
    payload = b'{"mapping":{"c:orders":["%s"]}}' % (b"1" * 32)
    file.write_bytes(b'{}\n{"type":"metric_meta"}\n' + payload + b"\n")
    amber("load", str(file), "--data", str(data))
    letters = json.loads(amber("dlq", "list", "--data", str(data), "--json").stdout)
    assert [(letter["kind"], letter["item_type"]) for letter in letters] == [("set_aside", "metric_meta")]
    out = tmp_path / "payload"
    shown = json.loads(amber("dlq", "show", letters[0]["id"], "--data", str(data), "--body", str(out)).stdout)
    assert shown["bytes"] == len(payload)
    assert out.read_bytes() == payload
    assert amber("dlq", "replay", "--all", "--data", str(data)).stdout.strip() == "1 of 1 replayed"
    again = json.loads(amber("dlq", "list", "--data", str(data), "--json").stdout)
    assert [letter["id"] != letters[0]["id"] for letter in again] == [True]
    assert amber("dlq", "show", "nothing", "--data", str(data), check=False).returncode == 2
