"""A served directory from end to end: events in by HTTP, the same rows out by every way of asking."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

import amber as sdk
from tests.server.processes import amber, amber_here, child_environment, initialised, post_event

TEXT = "from errors | summarize n=count() by error.type | sort n desc"


@pytest.fixture(scope="module")
def shop(served):
    """The served directory with a few errors and a trace in it."""
    for number, kind in enumerate(["ValueError", "ValueError", "KeyError"]):
        served.send({"level": "error", "exception": {"values": [{"type": kind, "value": f"case {number}"}]}})
    assert served.wait_count("from errors | summarize n=count()", 3) == 3
    return served


def test_an_event_is_queryable(shop):
    """From the 200 to the row; `benchmarks` measures how long it takes."""
    event_id = shop.send({"message": "a needle", "level": "info"})
    assert shop.wait_count(f"from errors event_id:{event_id} | summarize n=count()", 1) == 1


def test_one_text_gives_equal_rows_by_every_way(shop):
    """HTTP as JSON, HTTP as Arrow, the command line, `amber.connect` and `amber.open` agree."""
    text = "from errors level:error | summarize n=count() by error.type | sort n desc"
    expected = [["ValueError", 2], ["KeyError", 1]]
    now = datetime.now(UTC)
    times = {"start": (now - timedelta(hours=1)).isoformat(), "end": (now + timedelta(hours=1)).isoformat()}
    by_json = shop.ask(text, **times)
    arrow = "application/vnd.apache.arrow.stream"
    status, headers, body = shop.request("POST", "/api/v1/query", {"query": text, **times}, Accept=arrow)
    assert (status, headers["Content-Type"]) == (200, arrow)
    with pa.ipc.open_stream(body) as stream:
        by_arrow = stream.read_all()
    options = ("--format", "json", "--start", times["start"], "--end", times["end"])
    by_cli = json.loads(amber("query", text, "--data", str(shop.data), *options).stdout)
    with sdk.connect(shop.url, shop.facts["token"]) as client:
        by_connect = client.query(text, **times)
    with sdk.open(shop.data) as client:
        by_open = client.query(text, **times)
    assert by_json["rows"] == expected
    assert [list(row.values()) for row in by_arrow.to_pylist()] == expected
    assert by_cli["rows"] == expected
    assert [list(row) for row in by_connect.rows()] == expected
    assert [list(row) for row in by_open.rows()] == expected
    assert by_json["columns"] == by_cli["columns"]
    assert by_connect.sql == by_open.sql == by_json["meta"]["sql"][0]
    assert json.loads(by_arrow.schema.metadata[b"amber"])["sql"] == by_json["meta"]["sql"]


def test_the_command_line_speaks_every_format(shop):
    """Table, JSON, CSV and an Arrow stream of the same answer."""
    query = ("query", "from errors level:error | summarize n=count() by error.type | sort n desc", "--url", shop.url)
    token = {"AMBER_TOKEN": shop.facts["token"]}
    table = amber_here(*query, **token).stdout
    assert [line.split()[0] for line in table.splitlines()[-2:]] == ["ValueError", "KeyError"]
    assert amber_here(*query, "--format", "csv", **token).stdout.splitlines() == [
        "error.type,n",
        "ValueError,2",
        "KeyError,1",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "server", *query, "--format", "arrow"],
        capture_output=True,
        env={**child_environment(), **token},
        timeout=240,
        check=True,
    )
    with pa.ipc.open_stream(done.stdout) as stream:
        assert stream.read_all().column("n").to_pylist() == [2, 1]


def test_sql_is_asked_the_same_way(shop):
    """`amber sql` and the `sql` member answer with scope and range added."""
    text = "SELECT count() AS n FROM errors"
    by_cli = json.loads(amber_here("sql", text, "--data", str(shop.data), "--format", "json").stdout)
    status, _, body = shop.request("POST", "/api/v1/query", {"sql": text})
    assert status == 200, body
    assert by_cli["rows"] == json.loads(body)["rows"]
    assert by_cli["rows"][0][0] >= 3


def test_explain_says_what_would_be_done_and_runs_nothing(shop):
    """`--explain` gives the plain reading and the SQL; `--sql` the SQL alone; the API the same."""
    text = "from errors between 2026-01-01 and 2026-01-02 | summarize n=count() by error.type | sort n desc"
    explained = amber_here("query", text, "--data", str(shop.data), "--explain").stdout
    assert "SELECT" in explained
    only_sql = amber_here("query", text, "--data", str(shop.data), "--sql").stdout
    assert only_sql.lstrip().upper().startswith(("SELECT", "WITH"))
    status, _, body = shop.request("POST", "/api/v1/query/plan", {"query": text})
    plan = json.loads(body)
    assert status == 200
    assert plan["sql"][0].strip() == only_sql.strip()
    assert [column["name"] for column in plan["columns"]] == ["error.type", "n"]


def test_a_wrong_text_shows_the_place_on_the_command_line(shop):
    """Exit status 2, the text with carets, the code, the suggestion; nothing on standard output."""
    done = amber_here("query", "from errors | sumarize n=count()", "--data", str(shop.data), check=False)
    assert (done.returncode, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    assert lines[1].index("sumarize") == lines[2].index("^")
    assert "summarize" in lines[3]


def test_a_wrong_token_is_refused_everywhere(shop):
    """401 over HTTP, exit status 3 on the command line."""
    assert shop.request("POST", "/api/v1/query", {"query": TEXT}, token="amb_wrong")[0] == 401
    assert shop.request("POST", "/api/v1/query", {"query": TEXT}, token=None)[0] == 401
    done = amber_here("query", TEXT, "--url", shop.url, "--token", "amb_wrong", check=False)
    assert done.returncode == 3
    assert "token" in done.stderr


def test_the_run_file_is_private_and_names_every_process(shop):
    """Mode 0600; each process is alive under its pid; the local token works and has its own name."""
    path = shop.data / "run" / "server.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    state = shop.state()
    assert set(state["pids"]) == {"supervisor", "web", "ingest-0", "normaliser-0"}
    for pid in state["pids"].values():
        os.kill(pid, 0)
    assert state["dsn"] == shop.facts["dsn"]
    assert shop.request("GET", "/api/v1/projects", token=state["token"])[0] == 200
    assert '"principal": "local"' in shop.log.read_text()


def test_a_second_server_on_the_directory_is_refused_with_what_to_do(shop):
    """The message names the running server; the first is not disturbed."""
    done = amber("serve", "--data", str(shop.data), "--port", "1", check=False)
    assert done.returncode == 4
    assert shop.url in done.stderr
    assert "--data" in done.stderr
    assert shop.request("GET", "/api/v1/ready", token=None)[0] == 200


def test_a_taken_port_is_refused_with_what_to_do(shop, tmp_path):
    """Another directory on the same port: exit status 4, the port and the flag."""
    done = amber("serve", "--data", str(tmp_path / "other"), "--port", str(shop.port), check=False)
    assert done.returncode == 4
    assert str(shop.port) in done.stderr
    assert "--port" in done.stderr


def test_init_beside_a_running_server_says_what_there_is(shop):
    """Nothing is made, no token is shown, the DSN is the same."""
    facts = initialised(shop.data, "--port", str(shop.port))
    assert (facts["created"], facts["token"], facts["dsn"]) == ([], None, shop.facts["dsn"])


def test_the_web_port_takes_events_too(shop):
    """For those behind one port: the same protocol on the web port, stored through a spool of its own."""
    dsn = shop.facts["dsn"].replace(f":{shop.port + 1}/", f":{shop.port}/")
    event_id, status, _ = post_event(dsn, {"message": "by the web port"})
    assert status == 200
    assert shop.wait_count(f"from errors event_id:{event_id} | summarize n=count()", 1) == 1
    assert list((shop.data / "spool" / "raw" / "web").rglob("*.seg"))


def test_status_tells_the_processes_and_the_checks(shop):
    """Exit status 0 while all is well; JSON for scripts."""
    facts = json.loads(amber_here("status", "--data", str(shop.data), "--json").stdout)
    assert facts["running"]
    assert facts["ready"]["ready"]
    assert set(facts["health"]["checks"]) == {"disk", "spool", "store", "metadata", "writer"}
    assert "process" in amber_here("status", "--data", str(shop.data)).stdout


def test_the_metrics_count_what_happened(shop):
    """Queries, inserted rows, outcomes, restarts and spools are there with their labels."""
    status, headers, body = shop.request("GET", "/metrics", token=None)
    assert status == 200
    assert headers["Content-Type"].startswith("text/plain")
    text = body.decode()
    for line in (
        'amber_queries_total{outcome="answered"}',
        'amber_inserted_rows_total{table="errors"}',
        'amber_process_restarts_total{process="web"} 0.0',
        'amber_spool_bytes{spool="raw"}',
        "amber_query_seconds_count",
        "amber_ready_files",
    ):
        assert line in text, text


def test_loading_beside_a_running_server_goes_through_it(shop, tmp_path):
    """`amber load` hands its files to the server's normalisers and returns when they can be queried."""
    for load in range(5):
        ids = [f"{load * 10 + n:032x}" for n in (1, 2, 3)]
        lines = [json.dumps({"message": f"loaded {n}", "level": "warning", "event_id": n}) for n in ids]
        file = tmp_path / f"events{load}.ndjson"
        file.write_text("\n".join(lines) + "\n")
        amber_here("load", str(file), "--data", str(shop.data))
        assert shop.ask("from errors level:warning | summarize n=count()")["rows"] == [[3 * (load + 1)]]
    amber_here("load", str(file), "--data", str(shop.data))
    assert shop.ask("from errors level:warning | summarize n=count()")["rows"] == [[15]]


def test_a_text_is_checked_and_formatted_without_running_it(shop):
    """`--check` shows each place with carets, by a server or the directory; `--format-text` asks nobody."""
    wrong = amber_here("query", "enviroment:x | summarize n=cuont()", "--data", str(shop.data), "--check", check=False)
    assert wrong.returncode == 2
    assert wrong.stdout.splitlines()[0].startswith("Error: ")
    assert "cuont" in wrong.stdout
    token = {"AMBER_TOKEN": shop.facts["token"]}
    odd = amber_here("query", "enviroment:x", "--url", shop.url, "--check", **token)
    assert odd.stdout.splitlines()[0].startswith("Warning: enviroment is not a field")
    assert "^^^^^^^^^^" in {line.strip() for line in odd.stdout.splitlines()}
    assert amber_here("query", "from  errors|limit 5", "--format-text").stdout == "from errors | limit 5\n"
    refused = amber_here("query", "from errors | where (", "--format-text", check=False)
    assert (refused.returncode, refused.stdout) == (2, "")
