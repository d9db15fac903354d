"""`amber ml`: how well grouping, templates, anomalies and root causes do on labelled data."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.errors import UserError
from ml.evaluate import GOALS, DamagedData, Goal, NothingToEvaluate, Over, Row, chosen_tasks, evaluate
from ml.evaluate.tasks import TASKS as PURE_TASKS
from ml.perturb import as_lines
from server.cli.humane import printable
from server.cli.ml_chaos import chaos_rows
from server.cli.ml_recluster import recluster
from server.cli.ml_templates import templates
from server.cli.options import JsonOption
from server.commits.evaluation import TASK as SUSPECTS
from server.commits.evaluation import suspect_commit

app = typer.Typer(
    add_completion=False,
    help="Score grouping, templates, anomalies and root causes on labelled data.",
    no_args_is_help=True,
)
_PIPED_WIDTH = 160
TASKS = {**PURE_TASKS, SUSPECTS: suspect_commit}
"""What `ml` scores by itself, and what needs repositories besides."""


app.command("recluster")(recluster)
app.command("templates")(templates)


@app.callback()
def _group() -> None:
    """Make a single verb a group all the same."""


@app.command("evaluate")
def evaluate_command(
    *,
    data: Annotated[Path | None, typer.Option("--data", help="The folder of labelled data.")] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", help=f"Only this task: {', '.join(TASKS)}. May be repeated.")
    ] = None,
    perturb: Annotated[
        int | None,
        typer.Option("--perturb", help="Score nothing; print the perturbed events of this seed, a JSON line each."),
    ] = None,
    chaos: Annotated[
        str | None,
        typer.Option("--chaos", help="FIRST:LAST: find the root causes of made-up systems of these seeds, end to end."),
    ] = None,
    details: Annotated[
        Path | None, typer.Option("--details", help="Also write what each seed of --chaos asked and got, JSON lines.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Score grouping, templates and the like on a folder of labelled data, and root causes of made-up systems.

    Every figure is shown with its 95 % interval and what chance would reach, every goal with what others reached. Data
    that is not in the folder is left out. docs/how-to/evaluate.md says how the folder is laid out and what the figures
    mean.
    """
    if data is None and (chaos is None or perturb is not None):
        raise UserError(
            "There is nothing to score.", code="data-missing", hint="Name --data DIR or --chaos FIRST:LAST."
        )
    if perturb is not None and data is not None:
        _print_perturbed(data, perturb)
        return
    told = Console(stderr=True, highlight=False)
    with told.status("Looking") as status:

        def begin(name: str) -> None:
            status.update(f"Scoring {name}")

        rows = [] if data is None else list(evaluate(data, chosen_tasks(TASKS, only or []), begin))
        rows += [] if chaos is None else chaos_rows(chaos, details, status.update)
    if as_json:
        typer.echo(json.dumps({"rows": [_finite(row) for row in rows]}))
        return
    console = Console(highlight=False)
    console = console if console.is_terminal else Console(highlight=False, width=_PIPED_WIDTH)
    for task, its in itertools.groupby(rows, lambda row: row.task):
        _print_task(console, task, list(its))


def _print_perturbed(data: Path, seed: int) -> None:
    if not data.is_dir():
        raise NothingToEvaluate(f"There is no folder {data}.", hint="Name one with --data.")
    try:
        for line in as_lines(data, seed):
            typer.echo(line)
    except ValueError as error:
        raise DamagedData(str(error), hint="See docs/how-to/evaluate.md for the members of a line.") from error


def _finite(row: Row) -> dict[str, object]:
    """Return the row for JSON, which has no NaN."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in asdict(row).items()}


def _print_task(console: Console, task: str, rows: Sequence[Row]) -> None:
    table = _table(task, ("set", "metric", "reached", "95 % interval", "chance", "n"))
    for row in rows:
        numbers = (f"{row.value:.3f}", f"{row.low:.3f}-{row.high:.3f}", f"{row.chance:.3f}", f"{row.n:,}")
        table.add_row(*(Text(printable(cell)) for cell in (row.set, row.metric, *numbers)))
    console.print(table)
    found = [(goal, values) for goal in GOALS if goal.task == task and (values := goal.values(rows))]
    if found:
        table = _table(f"{task}: goals", ("metric", "of the sets", "goal", "reached", "", "others"))
        for goal, values in found:
            table.add_row(*_goal_cells(goal, values))
        console.print(table)
    console.print()


def _table(title: str, headings: tuple[str, ...]) -> Table:
    table = Table(title=title, title_justify="left", header_style="bold", show_edge=False, pad_edge=False)
    for heading in headings:
        numeric = heading in {"reached", "chance", "n", "95 % interval", "goal"}
        table.add_column(heading, justify="right" if numeric else "left", overflow="fold")
    return table


def _goal_cells(goal: Goal, values: Sequence[float]) -> tuple[Text, ...]:
    worst = max(values) if goal.at_most else min(values)
    met = goal.met(worst)
    word = Text("met" if met else "missed", style="green" if met else "red")
    over = "every one" if goal.over is Over.EACH else goal.over.value
    bound = f"{'<=' if goal.at_most else '>='} {goal.bound:.3g}"
    return Text(goal.metric), Text(over), Text(bound), Text(f"{worst:.3f}"), word, Text(goal.baseline)
