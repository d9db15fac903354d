"""`amber ml evaluate` on a folder laid out as the labelled data is."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from engine.errors import UserError
from ml.evaluate import GOALS, Goal, NothingToEvaluate, Over, Row
from ml.evaluate.tasks import TASKS
from server.cli.ml import app

LOGS = Path("loghub-2k") / "corrected"
LINES = [
    *((f"user {name} logged in from 10.0.0.{n}", "user <*> logged in from <*>") for n, name in enumerate("abcdefgh")),
    ("link up", "link up"),
    ("link down", "link down"),
]
Ask = Callable[..., Result]


@pytest.fixture
def ask() -> Ask:
    """Run `amber ml evaluate` with options."""
    runner = CliRunner()
    return lambda *options: runner.invoke(app, ["evaluate", *map(str, options)], env={"COLUMNS": "200"})


def write_system(data: Path, name: str, lines: list[tuple[str, str]], suffix: str) -> None:
    """A system's table as Loghub has it."""
    folder = data / LOGS / name
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}_2k.log_{suffix}.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["LineId", "Content", "EventId", "EventTemplate"])
        table.writerows([n, line, "E1", template] for n, (line, template) in enumerate(lines))


def rows_of(result: Result) -> dict[tuple[str, str], dict[str, Any]]:
    """The rows of JSON by set and metric."""
    assert result.exit_code == 0, result.output
    return {(row["set"], row["metric"]): row for row in json.loads(result.stdout)["rows"]}


def test_every_system_has_its_rows_and_corrected_labels_come_first(tmp_path: Path, ask: Ask) -> None:
    """Any system below the folder; one without a table is left out, as are tasks without data."""
    write_system(tmp_path, "Ours", LINES, "structured_corrected")
    write_system(tmp_path, "Ours", [(line, "wrong") for line, _ in LINES], "structured")
    write_system(tmp_path, "Theirs", [(line, "one") for line, _ in LINES], "structured")
    (tmp_path / LOGS / "Empty").mkdir()
    rows = rows_of(ask("--data", tmp_path, "--json"))
    assert set(rows) == {(name, metric) for name in ("Ours", "Theirs") for metric in ("GA", "FGA")}
    ours = rows["Ours", "GA"]
    assert list(ours) == ["task", "set", "metric", "value", "low", "high", "chance", "n"]
    assert (ours["task"], ours["value"], ours["low"], ours["high"], ours["n"]) == (
        "templates",
        1.0,
        1.0,
        1.0,
        len(LINES),
    )
    assert 0 <= ours["chance"] < 0.3
    assert rows["Theirs", "GA"]["value"] == 0
    assert rows_of(ask("--data", tmp_path, "--json", "--only", "templates")) == rows


def test_the_table_shows_goals_with_what_others_reached(tmp_path: Path, ask: Ask) -> None:
    """Mean and worst of the systems, met or missed."""
    write_system(tmp_path, "Ours", LINES, "structured")
    write_system(tmp_path, "Theirs", [(line, "one") for line, _ in LINES], "structured")
    shown = ask("--data", tmp_path).stdout
    assert "Ours" in shown
    goals = [[cell.strip() for cell in line.split("│")] for line in shown.partition("goals")[2].splitlines()]
    assert [cells[:5] for cells in goals if cells[0] == "GA"] == [
        ["GA", "mean", ">= 0.9", "0.500", "missed"],
        ["GA", "worst", ">= 0.75", "0.000", "missed"],
    ]
    assert "Drain" in shown


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--data", "nowhere"], "There is no folder nowhere"),
        (["--data", "."], "holds no labelled data"),
        (["--data", ".", "--only", "template"], "There is no task 'template'"),
    ],
)
def test_a_folder_or_task_that_is_none_is_said(
    options: list[str], said: str, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what to do."""
    monkeypatch.chdir(tmp_path)
    result = ask(*options)
    assert isinstance(result.exception, UserError)
    assert said in result.exception.message
    assert result.exception.hint


def test_a_table_of_another_shape_is_said(tmp_path: Path, ask: Ask) -> None:
    """With the columns it needs."""
    write_system(tmp_path, "Odd", LINES, "structured")
    [table] = (tmp_path / LOGS / "Odd").iterdir()
    table.write_text("a,b\n1,2\n")
    result = ask("--data", tmp_path)
    assert isinstance(result.exception, UserError)
    assert not isinstance(result.exception, NothingToEvaluate)
    assert "Content and EventTemplate" in result.exception.hint


TABLE = "LineId,Content,EventId,EventTemplate\n1,link up,E1,link up\n2,link down,E2,link down\n3,link up,E1,link up\n"


@pytest.mark.parametrize(
    "body",
    [
        TABLE.replace("\n", "\r\n").encode(),
        TABLE.encode("utf-8-sig"),
        TABLE.encode("utf-16"),
        TABLE.replace(",", ";").encode(),
        TABLE.replace(",", "\t").encode(),
        TABLE.replace("Content", " content ").replace("EventTemplate", "event_template").encode(),
        TABLE.replace("Content", "Message").replace(",EventTemplate", "").encode(),
        TABLE.encode() + b"4\n\n5,lost\n",
        TABLE.encode() + b'4,"link\xff\nup",E3,"link\nup"\n',
    ],
    ids=["crlf", "mark", "utf16", "semicolons", "tabs", "case", "names", "short lines", "odd bytes"],
)
def test_tables_are_read_however_they_were_saved(body: bytes, tmp_path: Path, ask: Ask) -> None:
    """Line ends, marks, separators and names of columns differ; lines without a label are left out."""
    write_system(tmp_path, "Ours", LINES, "structured")
    [table] = (tmp_path / LOGS / "Ours").iterdir()
    table.write_bytes(body)
    row = rows_of(ask("--data", tmp_path, "--json", "--only", "templates"))["Ours", "GA"]
    assert (row["value"], row["n"]) == (1.0, 4 if b"E3" in body else 3)


FRAMES = [{"module": "shop.cart", "function": "add", "file": "cart.py", "line": 3, "in_app": True}]


def write_errors(data: Path, *lines: object) -> None:
    """A file of errors as `defects4j-errors` has them."""
    (data / "defects4j-errors").mkdir(parents=True, exist_ok=True)
    text = "\r\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    (data / "defects4j-errors" / "ours.jsonl").write_bytes(b"\xef\xbb\xbf" + text.encode())


def test_errors_that_lack_members_are_read(tmp_path: Path, ask: Ask) -> None:
    """Only the truth must be there; of other languages modules, lines or marks of the project may be absent."""
    full = {"project": "P", "bug": "one", "exception": "KeyError", "message": "x", "frames": FRAMES}
    bare = {"bug": 2, "type": "TypeError", "value": "no", "frames": [{"function": "pay", "filename": "src/pay.ts"}]}
    write_errors(
        tmp_path,
        full,
        full,
        bare,
        {"bug": "3", "frames": None},
    )
    rows = rows_of(ask("--data", tmp_path, "--json", "--only", "root-cause", "--only", "invariance"))
    assert (rows["ours", "bcubed_f1"]["value"], rows["ours", "bcubed_f1"]["n"]) == (1.0, 4)
    assert rows["seed 11", "same_group"]["n"] >= 4
    assert '"platform": "javascript"' in ask("--data", tmp_path, "--perturb", "1").stdout


@pytest.mark.parametrize(
    "line",
    ["[]", "7", "no json", '{"project": "P"}', '{"bug": "a", "frames": [1]}', '{"bug": "a", "frames": {"a": 1}}'],
)
@pytest.mark.parametrize("options", [(), ("--perturb", "1")])
def test_a_line_that_is_no_error_is_said_with_its_number(
    line: str, options: tuple[str, ...], tmp_path: Path, ask: Ask
) -> None:
    """In the scores and among the perturbed events alike."""
    write_errors(tmp_path, {"bug": "a", "frames": FRAMES}, line)
    result = ask("--data", tmp_path, *options)
    assert isinstance(result.exception, UserError)
    assert "ours.jsonl, line 2" in result.exception.message


@pytest.mark.parametrize("body", ["", "{}", "[1]", '[{"file": "a"}]', '[{"file": null, "expected_state": "x"}]'])
def test_a_list_of_reports_that_is_none_is_said(body: str, tmp_path: Path, ask: Ask) -> None:
    """With what it should be; an empty object holds no reports and is as good as absent."""
    (tmp_path / "clusterfuzz-stacks").mkdir()
    (tmp_path / "clusterfuzz-stacks" / "expected.json").write_text(body)
    assert isinstance(ask("--data", tmp_path).exception, UserError)


def test_goals_are_about_tasks_there_are() -> None:
    """A goal of the worst set looks at the worst; less can be better."""
    rows = [Row("t", name, "m", value, 0, 1, 0, 1) for name, value in (("a", 0.2), ("b", 0.6), ("b/part", 0.1))]
    assert Goal("t", "m", Over.WORST, 0.5, "-").values(rows) == [0.2]
    assert Goal("t", "m", Over.WORST, 0.5, "-", at_most=True).values(rows) == [0.6]
    assert Goal("t", "m", Over.MEAN, 0.4, "-").values(rows) == [pytest.approx(0.4)]
    assert Goal("t", "m", Over.EACH, 0.4, "-").values(rows) == [0.2, 0.6]
    assert Goal("t", "other", Over.MEAN, 0.4, "-").values(rows) == []
    assert {goal.task for goal in GOALS} - {"suspect-commit", "rca-chaos"} <= set(TASKS)
