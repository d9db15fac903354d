"""What a query is, as rows: its statements, its steps, what it would cost, its reading in words.

The cost is the engine's estimate from primary keys and partitions, before skip indexes, so it is never too low for a
step that reads the store; a statement over the rows of an earlier step reads nothing. It is asked of each scan by
itself (`queries.scanned`), so no part of the query runs for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
import pyarrow as pa

from engine.eventstore import Estimate
from queries.ast import Explained
from queries.plan import FrameStep, OutputColumn, Plan, SqlStep
from queries.plan.model import TableRead
from queries.result import rfc3339
from queries.types import INTEGER, STRING, ValueType

Estimates = Callable[[SqlStep], Estimate]

_COLUMNS: Final[Mapping[Explained, Mapping[str, ValueType]]] = {
    Explained.SQL: {"step": STRING, "text": STRING, "parameters": STRING},
    Explained.PLAN: {"step": STRING, "kind": STRING, "inputs": STRING, "text": STRING},
    Explained.COST: {"step": STRING, "parts": INTEGER, "marks": INTEGER, "rows": INTEGER, "text": STRING},
    Explained.ENGLISH: {"text": STRING},
}


@dataclass(frozen=True, slots=True)
class StepCost:
    """What a step would read.

    Attributes:
        step: its id.
        estimate: the engine's; None for a step in the process.
        slices: parts it is read in, of which the first ones may be enough; 1 when it is read whole.
    """

    step: str
    estimate: Estimate | None
    slices: int = 1

    @property
    def text(self) -> str:
        """The same in words."""
        if self.estimate is None:
            return "in the process, over the rows of the steps before"
        if not self.estimate.parts:
            return "reads no rows of the store"
        said = f"at most {self.estimate.rows:,} rows of {self.estimate.parts} parts, before skip indexes"
        if self.slices > 1:
            said += f"; read in up to {self.slices} slices, newest or oldest first, until there are rows enough"
        return said


def explain_columns(what: Explained) -> tuple[OutputColumn, ...]:
    """Return the columns of an explanation."""
    return tuple(OutputColumn(name, type_, name) for name, type_ in _COLUMNS[what].items())


def explain_rows(made: Plan, what: Explained, estimates: Estimates) -> pa.Table:
    """Return an explanation as rows with the columns of `explain_columns`.

    Args:
        made: the plan.
        what: what of it.
        estimates: asks the engine, when the cost is wanted.
    """
    match what:
        case Explained.SQL:
            rows = [_sql_row(step) for step in made.steps if isinstance(step, SqlStep)]
        case Explained.PLAN:
            rows = [_plan_row(step) for step in made.steps]
        case Explained.COST:
            rows = _cost_rows(step_costs(made, estimates))
        case Explained.ENGLISH:
            rows = [{"text": made.english}]
    kinds = {name: pa.int64() if type_ is INTEGER else pa.string() for name, type_ in _COLUMNS[what].items()}
    return pa.Table.from_pylist(rows, schema=pa.schema(list(kinds.items())))


def step_costs(made: Plan, estimates: Estimates) -> list[StepCost]:
    """Return what each step would read."""
    return [
        StepCost(step.id, None)
        if isinstance(step, FrameStep)
        else StepCost(step.id, estimates(step), max(len(step.slices), 1))
        for step in made.steps
    ]


def total_cost(costs: list[StepCost]) -> Estimate:
    """Return what all steps would read together."""
    found = [cost.estimate for cost in costs if cost.estimate is not None]
    return Estimate(*(sum(getattr(one, name) for one in found) for name in ("parts", "rows", "marks")))


def _sql_row(step: SqlStep) -> dict[str, Any]:
    values = orjson.dumps(dict(step.parameters), default=str, option=orjson.OPT_PASSTHROUGH_SUBCLASS)
    return {"step": step.id, "text": step.sql, "parameters": values.decode()}


def _plan_row(step: SqlStep | FrameStep) -> dict[str, Any]:
    inputs = ", ".join(step.inputs)
    if isinstance(step, FrameStep):
        return {"step": step.id, "kind": "process", "inputs": inputs, "text": f"{step.operation}: {_names(step)}"}
    said = [f"reads {_read(read)}" for read in step.reads] if not step.inputs or step.reads else []
    if step.slices:
        said.append(f"in up to {len(step.slices)} slices of time until there are {step.enough} rows")
    if step.cap:
        said.append(f"hands on at most {step.cap} rows")
    said.append(f"gives {_names(step)}")
    return {"step": step.id, "kind": "statement", "inputs": inputs, "text": "; ".join(said)}


def _names(step: SqlStep | FrameStep) -> str:
    return ", ".join(column.name for column in step.columns) or "what the statement names"


def _read(read: TableRead) -> str:
    projects = f"{len(read.project_ids)} project{'' if len(read.project_ids) == 1 else 's'}"
    if read.start is None or read.end is None:
        return f"{read.table} of {projects}"
    return f"{read.table} of {projects} from {rfc3339(read.start)} to {rfc3339(read.end)}"


def _cost_rows(costs: list[StepCost]) -> list[dict[str, Any]]:
    rows = [
        {
            "step": cost.step,
            "parts": 0 if cost.estimate is None else cost.estimate.parts,
            "marks": 0 if cost.estimate is None else cost.estimate.marks,
            "rows": 0 if cost.estimate is None else cost.estimate.rows,
            "text": cost.text,
        }
        for cost in costs
    ]
    total = total_cost(costs)
    if len(costs) > 1:
        said = f"at most {total.rows:,} rows in all"
        rows.append({"step": "all", "parts": total.parts, "marks": total.marks, "rows": total.rows, "text": said})
    return rows
