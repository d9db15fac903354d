"""From a text to a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import ibis.expr.types as ir
from sqlglot import expressions as exp

from queries import ast
from queries.catalog import PROJECT
from queries.check.literals import check_literals
from queries.check.size import bearable, check_growth
from queries.english import describe
from queries.errors import QueryError
from queries.parser import parse_with_warnings
from queries.passes import PassContext, run_passes
from queries.passes.context import TIME
from queries.passes.nodes import find_all
from queries.plan.block import Block, TimeRange
from queries.plan.builder import Builder, Output, settled
from queries.plan.frame_rows import bindings, frame_step_id
from queries.plan.model import (
    DEFAULT_ROWS,
    FrameStep,
    Interval,
    OutputColumn,
    Plan,
    PlanContext,
    SqlStep,
    Step,
    TableRead,
)
from queries.plan.names import unique_names
from queries.plan.orders import with_order
from queries.plan.pages import Pages
from queries.plan.paging import page_query, paged, refuse_cursor
from queries.plan.render import aliased, render, table_alias
from queries.plan.shorthand import expand
from queries.plan.slices import sliced
from queries.plan.sources import open_source
from queries.plan.stages import apply_stage, search
from queries.plan.virtual import MIRRORED, slug
from queries.printer import print_query
from queries.types import SPARSE_STRING, Base, ValueType
from queries.values.calls import call, derived_table, field_name, translate
from queries.values.typed import Typed

NO_LIMIT = 2**60


def plan(text: str | ast.Query, context: PlanContext) -> Plan:
    """Return what runs for a query.

    Args:
        text: a Discover text, or the tree of one.
        context: the request.

    Raises:
        QueryError: the text cannot be run; carries code, span and suggestion.
    """
    with bearable():
        return _plan(text, context)


def _plan(text: str | ast.Query, context: PlanContext) -> Plan:
    builder = Builder(context, compile_pipeline)
    if isinstance(text, str):
        parsed = parse_with_warnings(text)
        query = parsed.query
        for warning in parsed.warnings:
            builder.notes.add(warning.message)
    else:
        query = text
    query = expand(query, context)
    check_literals(query)
    check_growth(query)
    _bind(query.lets, builder)
    asked, explain = _answered(query)
    block = compile_pipeline(asked.pipeline, builder)
    return replace(finish(asked, settled(block), builder), canonical=print_query(query), explain=explain)


def _answered(query: ast.Query) -> tuple[ast.Query, ast.Explained | None]:
    """Return the query without its last stage `explain`, and what that wants to see."""
    stages = query.pipeline.stages
    last = stages[-1] if stages else None
    if not isinstance(last, ast.Explain):
        return query, None
    return replace(query, pipeline=replace(query.pipeline, stages=stages[:-1])), last.what


def _bind(lets: tuple[ast.Let, ...], builder: Builder) -> None:
    for let in lets:
        if let.name in builder.pipelines or let.name in builder.expressions:
            raise QueryError(f"{let.name} is bound twice.", span=let.span)
        if isinstance(let.value, ast.Pipeline):
            builder.pipelines[let.name] = let.value
        else:
            builder.expressions[let.name] = let.value


def compile_pipeline(pipeline: ast.Pipeline, builder: Builder) -> Block:
    """Return the block of a pipeline. A name bound by `let` sees only the names bound before it."""
    block = open_source(pipeline.source, builder, _compile_bound)
    block = search(pipeline.search, block, builder)
    for number, stage in enumerate(pipeline.stages):
        builder.prefix = replace(pipeline, stages=pipeline.stages[:number])
        block = apply_stage(stage, block, builder)
    return block


def _compile_bound(pipeline: ast.Pipeline, builder: Builder) -> Block:
    known = dict(builder.pipelines)
    names = list(known)
    own = next(name for name in names if known[name] is pipeline)
    builder.pipelines = {name: known[name] for name in names[: names.index(own)]}
    try:
        return compile_pipeline(pipeline, builder)
    finally:
        builder.pipelines = known


def finish(query: ast.Query, block: Block, builder: Builder) -> Plan:
    """Return the plan of a pipeline whose stages have all been applied."""
    context = builder.context
    canonical, time_range = print_query(query), _whole_range(block, builder)
    pages: Pages | None = None
    asked = context.limit if context.limit is not None else DEFAULT_ROWS
    if _is_series(block, builder):
        asked = max(asked, context.max_rows)
    most = min(block.limit if block.limit is not None else asked, context.max_rows)
    own_limit = block.limit is not None and block.limit <= context.max_rows
    steps: list[Step] = [step for number in range(len(builder.frames)) for step in _frame_steps(number, builder)]
    if _is_frame(block, builder):
        columns = steps[-1].columns
        refuse_cursor(context)
    else:
        found = paged(with_order(block, builder), canonical, builder)
        shown, keys = found or (block, [])
        last = _statement(f"s{len(steps)}", shown, builder, most if own_limit else most + 1, keys)
        steps.append(last)
        columns = last.columns
        if found is not None:
            pages = Pages(len(columns), page_query(canonical, context), context.now, context.time_range)
    return Plan(
        steps=tuple(steps),
        columns=columns,
        time_range=time_range,
        row_limit=most,
        warnings=builder.notes.texts,
        english=describe(query, block.time, context.environments),
        canonical=canonical,
        environments=context.environments,
        pages=pages,
        sampled=builder.sampled,
        intervals=_shown_intervals(columns, builder),
    )


def _shown_intervals(columns: tuple[OutputColumn, ...], builder: Builder) -> tuple[Interval, ...]:
    """Return the intervals whose columns are all in the answer."""
    names = {column.name for column in columns}
    return tuple(i for i in builder.intervals if {i.column, i.low, i.high} <= names)


def _is_frame(block: Block, builder: Builder) -> bool:
    """Whether a block is nothing but the rows of the last step in the process."""
    return bool(builder.frames) and block is builder.frames[-1].block


def _is_series(block: Block, builder: Builder) -> bool:
    """Whether a block is a series, which the default limit does not cut, or what a step in the process made of one."""
    if block.is_series:
        return True
    frame = next((frame for frame in builder.frames if frame.block is block), None)
    return frame is not None and all(_is_series(one, builder) for one in frame.inputs)


def _frame_steps(number: int, builder: Builder) -> list[Step]:
    """Return the steps of a frame: the statements it takes the rows of, those of earlier frames as they are."""
    frame = builder.frames[number]
    steps: list[Step] = []
    inputs: list[str] = []
    for place, block in enumerate(frame.inputs):
        earlier = next((i for i in range(number) if builder.frames[i].block is block), None)
        if earlier is not None:
            inputs.append(frame_step_id(earlier))
            continue
        cap = builder.context.input_rows
        own = block.limit is not None and block.limit <= cap
        wanted = block.limit if own and block.limit is not None else cap + 1
        step = replace(_statement(f"{frame_step_id(number)}s{place}", block, builder, wanted), cap=cap)
        steps.append(step)
        inputs.append(step.id)
    columns = tuple(OutputColumn(name, type_, name) for name, type_ in frame.columns.items())
    return [*steps, FrameStep(frame_step_id(number), tuple(inputs), frame.operation, frame.options, columns)]


def _statement(name: str, block: Block, builder: Builder, sql_limit: int, keys: Sequence[Output] = ()) -> SqlStep:
    """Return the finished statement of a block; the keys stand behind its columns."""
    context = builder.context
    ordered = with_order(block, builder)
    outputs = [*builder.outputs(ordered), *keys]
    tree, every = _select(ordered, outputs, builder, sql_limit)
    columns = every[: len(every) - len(keys)]
    ids = tuple(sorted(context.projects))
    passes = PassContext(
        project_ids=ids,
        time=block.time,
        ranges={alias: time for alias, _, time in builder.scans},
        nested=builder.nested,
        projects=context.projects,
        wide=builder.wide,
        row_limit=sql_limit if sql_limit < NO_LIMIT else None,
        environments=context.environments,
    )
    tree, parameters = run_passes(tree, passes)
    reads = _reads(tree, builder, ids)
    bound = bindings(tree, builder.frames) if builder.frames else ()
    sql, slices = sliced(tree, ordered, builder, sql_limit)
    inputs = tuple(dict.fromkeys(binding.step for binding in bound))
    return SqlStep(name, sql, parameters, inputs, reads, slices, sql_limit, columns, bound)


def _whole_range(block: Block, builder: Builder) -> TimeRange:
    times = [time for _, _, time in builder.scans]
    return (min(t[0] for t in times), max(t[1] for t in times)) if times else block.time


def _select(
    block: Block, outputs: list[Output], builder: Builder, sql_limit: int
) -> tuple[exp.Expr, tuple[OutputColumn, ...]]:
    """Return the SELECT of the whole query and its columns; issues get short ids by a join on the finished rows."""
    names = _sql_names(block, outputs)
    issues = [name for name, typed in outputs if typed.virtual in MIRRORED]
    if issues:
        return _with_short_ids(block, outputs, builder, sql_limit)
    values: list[tuple[str, ir.Value]] = []
    columns: list[OutputColumn] = []
    for name, typed in outputs:
        shown = slug(typed) if typed.virtual == PROJECT else typed
        values.append((names[name], shown.value))
        columns.append(OutputColumn(name, shown.type, names[name]))
    return render(block, values), tuple(columns)


def _sql_names(block: Block, outputs: list[Output]) -> dict[str, str]:
    """Return the names of outputs in the SQL; an output of the grouping keeps the name it has there."""
    if block.grouping is None:
        return unique_names(dict(outputs), ())
    table = block.grouping.table
    own = {name: field_name(typed.value, table) for name, typed in outputs}
    kept = {name: sql_name for name, sql_name in own.items() if sql_name is not None}
    rest = {name: typed for name, typed in outputs if name not in kept}
    return kept | unique_names(rest, set(block.grouping.values))


def _with_short_ids(
    block: Block, outputs: list[Output], builder: Builder, sql_limit: int
) -> tuple[exp.Expr, tuple[OutputColumn, ...]]:
    shown = replace(block, columns=dict(outputs), shown=None, catalog=None)
    if not block.sealed:
        shown = replace(shown, limit=min(sql_limit, block.limit or sql_limit)) if block.limit_by is None else shown
    rows = builder.wrap(shown)
    names = unique_names(rows.columns, ())
    values: list[tuple[str, ir.Value]] = []
    columns: list[OutputColumn] = []
    joins: list[tuple[exp.Expr, exp.Expr]] = []
    for name, typed in rows.columns.items():
        made = typed
        if typed.virtual in MIRRORED:
            alias = builder.alias()
            column = MIRRORED[typed.virtual]
            mirror = derived_table({"issue_id": ValueType(Base.INTEGER), column: SPARSE_STRING}, alias)
            made = _short_id(typed, mirror[column], builder)
            joins.append((_mirror(alias, column), typed.value == mirror["issue_id"]))
        elif typed.virtual == PROJECT:
            made = slug(typed)
        values.append((names[name], made.value))
        columns.append(OutputColumn(name, made.type, names[name]))
    select = render(rows, values)
    for mirror_query, condition in joins:
        select.append("joins", exp.Join(this=mirror_query, side="LEFT", on=translate(condition)))
    return select, tuple(columns)


def _short_id(issue: Typed, short_id: ir.Value, builder: Builder) -> Typed:
    if not builder.nested:
        return Typed(short_id, SPARSE_STRING)
    value = call("if", SPARSE_STRING, issue.value == 0, "Other", short_id)
    return Typed(value, SPARSE_STRING)


def _mirror(alias: str, column: str) -> exp.Subquery:
    inner = f"{alias}m"

    def at(name: str) -> exp.Column:
        return exp.column(name, table=inner, quoted=True)

    select = exp.Select(
        expressions=[
            aliased(at("issue_id"), "issue_id"),
            aliased(exp.ArgMax(this=at(column), expression=at("row_version")), column),
        ],
        from_=exp.From(this=exp.Table(this=exp.to_identifier("issues", quoted=True), alias=table_alias(inner))),
        group=exp.Group(expressions=[at("issue_id")]),
    )
    return exp.Subquery(this=select, alias=table_alias(alias))


def _reads(tree: exp.Expr, builder: Builder, ids: tuple[int, ...]) -> tuple[TableRead, ...]:
    reads: dict[TableRead, None] = {}
    for _, table, (start, end) in builder.scans:
        bounded = table.time_column is not None
        reads[TableRead(table.name, ids, start if bounded else None, end if bounded else None)] = None
    for scan in find_all(tree, exp.Table):
        if scan.name == "issues":
            reads[TableRead("issues", ids, None, None)] = None
        elif TIME in scan.meta:
            reads[TableRead(scan.name, ids, *scan.meta[TIME])] = None
    return tuple(reads)
