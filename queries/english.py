"""The plain-English reading of a query."""

from __future__ import annotations

import datetime as dt

from queries import ast
from queries.catalog import DEFAULT_DATASET
from queries.english_search import read_search
from queries.english_stages import read_length, read_stage

TimeRange = tuple[dt.datetime, dt.datetime]


def describe(query: ast.Query, time: TimeRange, environments: tuple[str, ...] = ()) -> str:
    """Return one sentence that says what the query answers, in these environments when there are some."""
    places = f" in {' or '.join(name or 'no environment' for name in environments)}" if environments else ""
    start, end = (moment.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M") for moment in time)
    return f"{_steps(query.pipeline, places, f' from {start} to {end} UTC')}."


def read_query(query: ast.Query) -> str:
    """Return the same of a text that is not run: without the range, where the text does not say it."""
    return f"{_steps(query.pipeline, '', '')}."


def read_pipeline(pipeline: ast.Pipeline) -> str:
    """Return the reading of a pipeline in parentheses, to be put into a sentence."""
    text = _steps(pipeline, "", "")
    return text[0].lower() + text[1:]


def _steps(pipeline: ast.Pipeline, places: str, otherwise: str) -> str:
    source = pipeline.source
    names = " and ".join(n.name for n in source.names) if source is not None else DEFAULT_DATASET
    parts = [f"Reads {names}{places}{_range(source, otherwise)}"]
    if pipeline.search is not None and pipeline.search.root is not None:
        parts.append(f"keeps rows where {read_search(pipeline.search.root)}")
    elif not pipeline.stages:
        parts.append("shows the newest first")
    parts += [read_stage(stage, read_pipeline) for stage in pipeline.stages]
    return ", then ".join(parts)


def _range(source: ast.Source | None, otherwise: str) -> str:
    time = None if source is None else source.time
    match time:
        case ast.Last(duration=duration):
            return f" of the last {read_length(duration.ns)}"
        case ast.Between(start=start, end=end) if not otherwise:
            return f" between {_moment(start)} and {_moment(end)}"
        case ast.At(instant=instant) if not otherwise:
            return f" of {_moment(instant)}"
        case _:
            return otherwise


def _moment(moment: ast.Instant | ast.RelativeInstant) -> str:
    if isinstance(moment, ast.RelativeInstant):
        return "now" if moment.ns == 0 else f"{read_length(abs(moment.ns))} ago"
    return moment.at.strftime("%Y-%m-%d" if moment.whole_day else "%Y-%m-%d %H:%M")
