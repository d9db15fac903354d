"""What a text makes of the columns, and what is odd about it: planning as far as an editor needs it, without SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from queries import ast
from queries.plan.builder import Builder
from queries.plan.compile import compile_pipeline
from queries.plan.model import PlanContext
from queries.plan.shorthand import expand
from queries.types import ValueType

Note = tuple[str, ast.Span | None, str]
"""A warning, its place, what to write instead."""


@dataclass(frozen=True, slots=True)
class Outline:
    """The rows after the last stage.

    Attributes:
        columns: those stages made, by name, those of the answer first.
        virtual: names among them that are numbers in the store and names for readers.
        replaced: the fields of the data set can be named no longer.
        notes: warnings.
    """

    columns: Mapping[str, ValueType]
    virtual: frozenset[str]
    replaced: bool
    notes: tuple[Note, ...]


def outline(query: ast.Query, context: PlanContext) -> Outline:
    """Return the outline of a query.

    Raises:
        QueryError: the text cannot be run.
    """
    query = expand(query, context)
    builder = Builder(context, compile_pipeline)
    for let in query.lets:
        if isinstance(let.value, ast.Pipeline):
            builder.pipelines[let.name] = let.value
        else:
            builder.expressions[let.name] = let.value
    stages = tuple(stage for stage in query.pipeline.stages if not isinstance(stage, ast.Explain))
    pipeline = ast.Pipeline(query.pipeline.source, query.pipeline.search, stages, query.pipeline.span)
    block = compile_pipeline(pipeline, builder)
    shown = [name for name in block.shown or () if name in block.columns]
    made = {name: block.columns[name] for name in (*shown, *block.columns)}
    return Outline(
        columns={name: typed.type for name, typed in made.items()},
        virtual=frozenset(name for name, typed in made.items() if typed.virtual),
        replaced=block.catalog is None,
        notes=builder.notes.places,
    )
