"""Asking over HTTP: what is sent, what comes back, what is tried again, and how refusals read."""

from __future__ import annotations

import gc
import os
import select
import signal
import subprocess
import sys
import textwrap
import threading
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import amber
from amber import _http, _progress

ROOT = Path(__file__).resolve().parents[2]
SDK = ROOT / "sdk"


@pytest.fixture(autouse=True)
def _quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_http, "_FIRST_PAUSE_S", 0.01)
    for name in ("AMBER_URL", "AMBER_TOKEN"):
        monkeypatch.delenv(name, raising=False)


# The support module of this directory's conftest, reached through the fixture's type.
@pytest.fixture
def answers(fake: Any) -> SimpleNamespace:
    module = sys.modules[type(fake).__module__]
    return SimpleNamespace(Answer=module.Answer, problem=module.problem, arrow_body=module.arrow_body)


class TestAsking:
    def test_a_query_sends_the_text_and_what_was_given_with_the_token(self, fake: Any) -> None:
        with amber.connect(fake.url, "amb_secret") as client:
            client.query(
                "from errors",
                start=datetime(2026, 1, 1),
                end="2026-01-02T12:00:00+02:00",
                project="shop",
                limit=10,
                params={"release": "1.4.0", "n": np.int64(3), "since": datetime(2026, 1, 1, tzinfo=UTC)},
            )
        (seen,) = fake.queries()
        assert seen.path == "/api/v1/query"
        assert seen.headers["Authorization"] == "Bearer amb_secret"
        assert seen.headers["Accept"] == "application/vnd.apache.arrow.stream"
        query_id = seen.body.pop("query_id")
        assert len(query_id) == 32
        assert seen.body == {
            "query": "from errors",
            "start": "2026-01-01T00:00:00Z",
            "end": "2026-01-02T10:00:00Z",
            "project": ["shop"],
            "limit": 10,
            "params": {"release": "1.4.0", "n": 3, "since": "2026-01-01T00:00:00Z"},
        }

    def test_what_is_not_given_is_not_sent(self, fake: Any) -> None:
        amber.connect(fake.url).query("from errors")
        (seen,) = fake.queries()
        assert set(seen.body) == {"query", "query_id"}
        assert "Authorization" not in seen.headers

    def test_sql_goes_the_same_way(self, fake: Any) -> None:
        amber.connect(fake.url).sql("SELECT count() FROM errors", project=[1, "shop"])
        (seen,) = fake.queries()
        assert seen.body["sql"] == "SELECT count() FROM errors"
        assert seen.body["project"] == [1, "shop"]
        assert "query" not in seen.body

    def test_url_and_token_come_from_the_environment(self, fake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AMBER_URL", f"{fake.url}/under/")
        monkeypatch.setenv("AMBER_TOKEN", "amb_env")
        amber.connect().query("from errors")
        (seen,) = fake.queries()
        assert (seen.path, seen.headers["Authorization"]) == ("/under/api/v1/query", "Bearer amb_env")

    def test_a_time_can_be_a_date_or_an_age(self, fake: Any) -> None:
        before = datetime.now(UTC) - timedelta(hours=2)
        amber.connect(fake.url).query("from errors", start=timedelta(hours=2), end=date(2026, 1, 2))
        body = fake.queries()[0].body
        assert before <= datetime.fromisoformat(body["start"]) <= before + timedelta(minutes=1)
        assert body["end"] == "2026-01-02T00:00:00Z"

    def test_a_time_that_is_none_is_refused_before_anything_is_sent(self, fake: Any) -> None:
        with pytest.raises(amber.AmberError, match="start='yesterday' is no time") as caught:
            amber.connect(fake.url).query("from errors", start="yesterday")
        assert caught.value.code == "bad-time"
        assert not fake.seen

    def test_a_parameter_without_json_form_is_refused(self, fake: Any) -> None:
        with pytest.raises(amber.AmberError, match="parameter"):
            amber.connect(fake.url).query("from errors", params={"x": object()})

    @pytest.mark.parametrize("url", ["127.0.0.1:8700", "ftp://x", "/data/amber", "http://", "http://h:notaport"])
    def test_an_address_that_is_none_is_refused_at_once(self, url: str) -> None:
        with pytest.raises(amber.AmberError, match="not the address") as caught:
            amber.connect(url)
        assert caught.value.code == "bad-url"


class TestConnections:
    def test_a_client_nobody_closed_leaves_no_open_connection(self, fake: Any) -> None:
        client = amber.connect(fake.url)
        client.query("from errors")
        socket = client._transport._idle[0].sock
        del client
        gc.collect()
        assert socket.fileno() == -1

    def test_one_connection_serves_many_queries(self, fake: Any) -> None:
        client = amber.connect(fake.url)
        client.query("from errors")
        kept = client._transport._idle[0].sock
        client.query("from errors")
        assert client._transport._idle[0].sock is kept
        client.close()
        client.close()
        assert client._transport._idle == []

    def test_a_kept_connection_the_server_closed_is_replaced_without_a_retry(self, fake: Any, answers: Any) -> None:
        fake.script.append(answers.Answer(close_after=True))
        client = amber.connect(fake.url)
        client.query("from errors")
        select.select(
            [client._transport._idle[0].sock], [], [], 60
        )  # until the end of the connection is there to be read
        assert len(client.query("from errors")) == 2
        assert len(fake.queries()) == 2

    def test_threads_share_a_client(self, fake: Any) -> None:
        client = amber.connect(fake.url)
        sizes: list[int] = []
        threads = [threading.Thread(target=lambda: sizes.append(len(client.query("from errors")))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sizes == [2] * 8

    def test_a_broken_connection_is_tried_again_and_the_first_try_is_cancelled(self, fake: Any, answers: Any) -> None:
        fake.script += [answers.Answer(hang_up=True), answers.Answer(hang_up=True)]
        assert len(amber.connect(fake.url).query("from errors")) == 2
        ids = {seen.body["query_id"] for seen in fake.queries()}
        assert len(fake.queries()) == 3
        assert set(fake.cancelled) == ids

    def test_a_busy_server_is_asked_again_after_the_time_it_names(
        self, fake: Any, answers: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pauses: list[float] = []
        monkeypatch.setattr(_http, "time", SimpleNamespace(sleep=pauses.append))
        busy = answers.problem(503, "store-unavailable", detail="busy")
        busy.headers["Retry-After"] = "2"
        fake.script += [busy, answers.problem(503, "store-unavailable")]
        assert len(amber.connect(fake.url).query("from errors")) == 2
        assert pauses[0] == 2.0
        assert 0 < pauses[1] < 0.1

    def test_a_server_that_stays_busy_is_a_failure_with_its_reason(self, fake: Any, answers: Any) -> None:
        fake.script += [answers.problem(503, "store-unavailable", detail="The store is closing.")] * 9
        with pytest.raises(amber.ConnectionFailed, match="The store is closing"):
            amber.connect(fake.url).query("from errors")
        assert len(fake.queries()) == 4

    def test_a_reached_limit_is_not_tried_again(self, fake: Any, answers: Any) -> None:
        fake.script.append(answers.problem(503, "limit-exceeded", detail="30 s are over.", hint="Narrow the range."))
        with pytest.raises(amber.QueryError, match="Narrow the range") as caught:
            amber.connect(fake.url).query("from errors")
        assert caught.value.code == "limit-exceeded"
        assert len(fake.queries()) == 1

    def test_no_server_is_said_with_what_to_check(self) -> None:
        with pytest.raises(amber.ConnectionFailed, match="amber serve") as caught:
            amber.connect("http://127.0.0.1:9").query("from errors")
        assert caught.value.code == "unreachable"

    def test_an_answer_that_does_not_come_is_a_timeout(self, fake: Any, answers: Any) -> None:
        release = threading.Event()
        fake.script.append(answers.Answer(wait_for=release))
        with pytest.raises(amber.ConnectionFailed, match=r"no answer for 0\.2 s") as caught:
            amber.connect(fake.url, timeout_s=0.2).query("from errors")
        release.set()
        assert caught.value.code == "timeout"

    @pytest.mark.parametrize("cut_at", [0, 10, 300, 500])
    def test_an_answer_that_breaks_off_is_never_a_shorter_result(self, fake: Any, answers: Any, cut_at: int) -> None:
        fake.script.append(answers.Answer(cut_at=cut_at))
        with pytest.raises(amber.ConnectionFailed, match="broke off"):
            amber.connect(fake.url).query("from errors")

    def test_an_answer_without_its_last_bytes_is_never_a_result(self, fake: Any, answers: Any) -> None:
        fake.script.append(answers.Answer(cut_at=len(answers.arrow_body()) - 8))
        with pytest.raises(amber.ConnectionFailed, match="broke off"):
            amber.connect(fake.url).query("from errors")

    def test_another_kind_of_server_is_recognised(self, fake: Any, answers: Any) -> None:
        fake.script.append(answers.Answer(200, b"<html>", "text/html"))
        with pytest.raises(amber.ConnectionFailed, match="text/html") as caught:
            amber.connect(fake.url).query("from errors")
        assert caught.value.code == "not-amber"


class TestRefusals:
    def test_a_query_error_shows_the_place(self, fake: Any, answers: Any) -> None:
        text = "from errors\n| wher level = 'error'"
        fake.script.append(
            answers.problem(
                400, "query-syntax", detail="Unknown stage wher.", span={"start": 14, "end": 18}, suggestion="where?"
            )
        )
        with pytest.raises(amber.QueryError) as caught:
            amber.connect(fake.url).query(text)
        error = caught.value
        assert (error.code, error.span, error.suggestion, error.status) == ("query-syntax", (14, 18), "where?", 400)
        assert str(error).splitlines() == [
            "Unknown stage wher. [query-syntax]",
            "  | wher level = 'error'",
            "    ^^^^",
            "where?",
        ]

    @pytest.mark.parametrize(
        ("text", "span", "picture"),
        [
            ("abc", (3, 3), ["  abc", "     ^"]),
            ("abc", (-5, 99), ["  abc", "  ^^^"]),
            ("a\tb c", (2, 3), ["  a\tb c", "   \t^"]),
            ("ab\ncd", (1, 5), ["  ab", "   ^"]),
            ("", (0, 0), ["  ", "  ^"]),
        ],
    )
    def test_the_picture_fits_every_span(self, text: str, span: tuple[int, int], picture: list[str]) -> None:
        error = amber.QueryError("m", span=span, text=text or " ")
        assert str(error).splitlines()[1:] == (picture if text else ["   ", "  ^"])

    def test_a_long_line_is_cut_around_the_place(self) -> None:
        error = amber.QueryError("m", span=(500, 504), text="x" * 500 + "here" + "y" * 500)
        line, carets = str(error).splitlines()[1:]
        assert len(line) < 120
        assert line[carets.index("^") : carets.rindex("^") + 1] == "here"

    @pytest.mark.parametrize("status", [401, 403])
    def test_a_refused_token_is_an_auth_error(self, fake: Any, answers: Any, status: int) -> None:
        fake.script.append(answers.problem(status, "token-unknown", detail="No such token.", hint="amber token create"))
        with pytest.raises(amber.AuthError, match="No such token") as caught:
            amber.connect(fake.url).query("from errors")
        assert caught.value.suggestion == "amber token create"

    def test_a_failure_of_the_server_is_no_query_error(self, fake: Any, answers: Any) -> None:
        fake.script.append(answers.Answer(500, b"oops", "text/plain"))
        with pytest.raises(amber.AmberError, match="500") as caught:
            amber.connect(fake.url).query("from errors")
        assert type(caught.value) is amber.AmberError

    def test_a_query_cancelled_by_somebody_is_said_so(self, fake: Any, answers: Any) -> None:
        fake.script.append(answers.problem(409, "query-cancelled", detail="Cancelled."))
        with pytest.raises(amber.QueryCancelled):
            amber.connect(fake.url).query("from errors")


class RecordingDisplay:
    def __init__(self) -> None:
        self.shown: list[amber.Progress] = []
        self.closed = False

    def show(self, progress: amber.Progress) -> None:
        self.shown.append(progress)

    def close(self) -> None:
        self.closed = True


class TestProgress:
    def test_a_long_query_shows_its_progress_and_takes_it_away(
        self, fake: Any, answers: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(_progress, "SHOW_AFTER_S", 0.05)
        monkeypatch.setattr(_progress, "_POLL_S", 0.02)
        display, done = RecordingDisplay(), threading.Event()

        def progress() -> dict[str, Any]:
            if len(display.shown) >= 2:
                done.set()
            return {"rows_read": 10, "total_rows": 100, "bytes_read": 5, "elapsed_ms": 1500}

        fake.progress = progress
        fake.script.append(answers.Answer(wait_for=done))
        transport = amber.HttpTransport(fake.url)
        raw = _progress.run_watched(transport, amber.QueryRequest("from errors", "a" * 32), lambda: display)
        assert raw.table.num_rows == 2
        assert display.closed
        assert display.shown[0] == amber.Progress(10, 100, 5, 1.5)
        assert f"/api/v1/query/{'a' * 32}/progress" in {seen.path for seen in fake.seen}

    def test_a_short_query_shows_nothing(self, fake: Any) -> None:
        display = RecordingDisplay()
        _progress.run_watched(amber.HttpTransport(fake.url), amber.QueryRequest("x", "b" * 32), lambda: display)
        assert not display.shown
        assert not any("progress" in seen.path for seen in fake.seen)

    def test_a_server_without_progress_is_no_failure(self) -> None:
        transport = amber.HttpTransport("http://127.0.0.1:9")
        assert transport.progress("a" * 32) is None
        assert transport.cancel("a" * 32) is False

    def test_an_error_while_progress_is_shown_takes_it_away(
        self, fake: Any, answers: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(_progress, "SHOW_AFTER_S", 0.0)
        display, done = RecordingDisplay(), threading.Event()
        refusal = answers.problem(400, "query-syntax", detail="no")
        refusal.wait_for = done
        fake.script.append(refusal)
        threading.Timer(0.1, done.set).start()
        with pytest.raises(amber.QueryError):
            _progress.run_watched(amber.HttpTransport(fake.url), amber.QueryRequest("x", "c" * 32), lambda: display)
        assert display.closed

    def test_the_terminal_bar_runs(self, capsys: pytest.CaptureFixture[str]) -> None:
        display = _progress.TerminalDisplay()
        display.show(amber.Progress(10, 100, 5, 1.5))
        display.show(amber.Progress(10, None, 5, 1.5))
        display.close()

    def test_the_notebook_line_is_html(self, monkeypatch: pytest.MonkeyPatch) -> None:
        shown: list[str] = []
        handle = SimpleNamespace(update=lambda html: shown.append(html.data))
        monkeypatch.setattr("IPython.display.display", lambda html, **_: shown.append(html.data) or handle)
        display = _progress.HtmlDisplay()
        display.show(amber.Progress(10, 100, 5, 1.5))
        display.show(amber.Progress(10, None, 5, 1.5))
        display.close()
        assert '<progress value="10" max="100">' in shown[1]
        assert "10 of 100 rows, 1.5 s" in shown[1]
        assert shown[-1] == ""

    def test_an_interrupt_cancels_the_query_on_the_server(self, fake: Any, answers: Any) -> None:
        """A separate process gets a real SIGINT while its query runs."""
        release = threading.Event()
        fake.on_cancel = release.set
        fake.script.append(answers.Answer(wait_for=release))
        program = textwrap.dedent("""
            import signal, sys, amber
            signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs the tests may ignore it
            try:
                amber.connect(sys.argv[1]).query("from errors")
            except KeyboardInterrupt:
                print("interrupted")
        """)
        process = subprocess.Popen(
            [sys.executable, "-c", program, fake.url], stdout=subprocess.PIPE, text=True, env=_environment()
        )
        deadline = time.monotonic() + 90
        while not fake.queries() and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=90)
        assert output.strip() == "interrupted"
        assert fake.cancelled == [fake.queries()[0].body["query_id"]]


class TestOpen:
    def test_open_uses_the_transport_published_under_the_entry_point(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "fake_embedded.py").write_text(
            textwrap.dedent("""
                import pyarrow as pa
                from amber import RawResult

                class Transport:
                    def __init__(self, directory):
                        self.directory = directory
                        self.closed = False
                    def query(self, request):
                        return RawResult(pa.table({"dir": [self.directory]}), {"query_id": request.query_id})
                    def progress(self, query_id): return None
                    def cancel(self, query_id): return False
                    def close(self): self.closed = True
            """)
        )
        info = tmp_path / "fake_embedded-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fake-embedded\nVersion: 1\n")
        (info / "entry_points.txt").write_text("[amber.transports]\nembedded = fake_embedded:Transport\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        with amber.open(tmp_path / "data") as client:
            assert client.query("from errors").rows() == [(str(tmp_path / "data"),)]
            assert isinstance(client._transport, amber.Transport)
        assert client._transport.closed

    def test_open_without_the_product_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("importlib.metadata.entry_points", lambda **_: ())
        with pytest.raises(amber.AmberError, match="pip install amber-observability"):
            amber.open("data")


class TestImport:
    def test_import_loads_nothing_heavy_and_nothing_of_the_product(self) -> None:
        """What is loaded decides the time of `import amber`; a fresh interpreter lists it."""
        program = "import sys, amber; print('\\n'.join(sorted({name.partition('.')[0] for name in sys.modules})))"
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=_environment()
        )
        heavy = {"pyarrow", "pandas", "numpy", "rich", "IPython", "asyncio", "polars", "orjson", "msgspec"}
        product = {"engine", "queries", "ml", "ingest", "server"}
        assert set(done.stdout.split()) & (heavy | product) == set()

    def test_the_package_is_typed_and_all_names_exist(self) -> None:
        assert (SDK / "amber" / "py.typed").exists()
        assert all(hasattr(amber, name) for name in amber.__all__)


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(SDK)}
