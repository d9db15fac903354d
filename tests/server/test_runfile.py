"""`run/server.json` and the lock beside it: who serves a directory, and how to reach it."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
import time

import pytest

from engine.errors import StateError
from server.runfile import (
    RUN_FILE,
    RunInfo,
    is_served,
    reach_server,
    read_run_info,
    remove_run_info,
    serving_lock,
    write_run_info,
)


def info(**changes):
    """A run file's content."""
    values = {
        "url": "http://127.0.0.1:1",
        "ingest_url": "http://127.0.0.1:2",
        "dsn": "http://k@127.0.0.1:2/1",
        "token": "secret",
        "pid": os.getpid(),
        "pids": {"supervisor": os.getpid()},
        "ready": ["web"],
        "restarts": {},
        "version": "1",
        "started_at": "2026-01-01T00:00:00+00:00",
    }
    return RunInfo(**{**values, **changes})


def test_the_file_is_readable_by_its_owner_only(tmp_path):
    """The token in it is as secret as the data beside it."""
    write_run_info(tmp_path, info())
    assert stat.S_IMODE((tmp_path / RUN_FILE).stat().st_mode) == 0o600
    assert read_run_info(tmp_path) == info()


def test_a_directory_nobody_serves_is_opened_directly(tmp_path):
    """No lock, or a run file a killed server left behind, means nobody serves."""
    assert reach_server(tmp_path) is None
    write_run_info(tmp_path, info())
    assert reach_server(tmp_path) is None


def test_a_served_directory_is_reached_through_its_server(tmp_path):
    """While the lock is held the file says where."""
    with serving_lock(tmp_path):
        write_run_info(tmp_path, info())
        assert reach_server(tmp_path) == info()
        remove_run_info(tmp_path)
    assert not is_served(tmp_path)


def test_a_server_that_is_starting_is_waited_for(tmp_path):
    """Between lock and file a reader waits instead of opening the directory under the server's nose."""
    with serving_lock(tmp_path):
        writer = threading.Timer(0.2, write_run_info, (tmp_path, info()))
        writer.start()
        assert reach_server(tmp_path, patience_s=60) == info()
        writer.join()


def test_a_server_that_never_answers_is_an_error_that_says_so(tmp_path):
    """The wait has an end."""
    with serving_lock(tmp_path), pytest.raises(StateError, match="starting"):
        reach_server(tmp_path, patience_s=0.1)


def test_a_second_server_is_refused_and_told_where_the_first_is(tmp_path):
    """The message names the address, the process and what to do."""
    with serving_lock(tmp_path):
        write_run_info(tmp_path, info(pid=4711))
        with pytest.raises(StateError) as caught, serving_lock(tmp_path, patience_s=0.1):
            pass
    assert caught.value.code == "already-served"
    assert "4711" in caught.value.message
    assert "--port" in caught.value.hint


def test_a_killed_server_frees_the_directory(tmp_path):
    """The lock goes with its process, however it ends."""
    code = (
        "import sys, time; from pathlib import Path; from server.runfile import serving_lock\n"
        "with serving_lock(Path(sys.argv[1])):\n    print('held', flush=True); time.sleep(60)\n"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    assert is_served(tmp_path)
    holder.kill()
    holder.wait()
    holder.stdout.close()
    deadline = time.monotonic() + 60
    while is_served(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.01)
    with serving_lock(tmp_path):
        pass


def test_a_file_of_another_version_is_refused_with_what_to_do(tmp_path):
    """Members that are missing are not guessed."""
    (tmp_path / "run").mkdir()
    (tmp_path / RUN_FILE).write_text(json.dumps({"url": "x"}))
    with serving_lock(tmp_path), pytest.raises(StateError, match="cannot be read"):
        reach_server(tmp_path)
