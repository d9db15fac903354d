"""What the form of a dashboard's members does not say: queries that can be read, parameters that have values."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from engine.errors import AmberError
from engine.schema import DATASETS
from queries.parameters import Given, Parameter, ParameterType, bind_value, used_parameters
from queries.parser import parse
from server.boards.document import COLUMNS, FORMAT_VERSION, Board, BoardFile, FieldValues, Panel, Variable

Fault = tuple[str, str]
"""Where something is wrong, as `panels.2.text`, and what, to follow the name of the member in a sentence."""


def faults_of(board: Board) -> list[Fault]:
    """Return everything that is wrong with a dashboard whose members have the right form."""
    names = [variable.name for variable in board.variables]
    found = list(_twice("variables", "name", names))
    found += _twice("panels", "id", [panel.id for panel in board.panels])
    for place, variable in enumerate(board.variables):
        found += _variable(f"variables.{place}", variable)
    for place, panel in enumerate(board.panels):
        found += _panel(f"panels.{place}", panel, names)
    return found


def file_faults(file: BoardFile) -> list[Fault]:
    """Return what is wrong with a file before its dashboard is looked at."""
    if file.version > FORMAT_VERSION:
        return [("version", f"is {file.version}, and this Amber reads up to {FORMAT_VERSION}: update Amber")]
    return []


def _twice(where: str, member: str, values: list[str]) -> Iterator[Fault]:
    for place, value in enumerate(values):
        if value in values[:place]:
            yield f"{where}.{place}.{member}", f"is {value!r}, which another one is called already"


def _variable(where: str, variable: Variable) -> Iterator[Fault]:
    if isinstance(variable.values, FieldValues) and variable.values.dataset not in DATASETS:
        yield f"{where}.values.dataset", f"is no data set; there are {', '.join(DATASETS)}"
    if variable.default is not None:
        yield from _value(f"{where}.default", variable.name, variable.type, variable.default)


def _panel(where: str, panel: Panel, variables: Collection[str]) -> Iterator[Fault]:
    if panel.x + panel.w > COLUMNS:
        yield f"{where}.w", f"reaches beyond the {COLUMNS} columns: x and w together are {panel.x + panel.w}"
    yield from _twice(f"{where}.parameters", "name", [one.name for one in panel.parameters])
    for place, one in enumerate(panel.parameters):
        yield from _value(f"{where}.parameters.{place}.value", one.name, one.type, one.value)
    try:
        used = used_parameters(parse(panel.text))
    except AmberError as error:
        yield f"{where}.text", f"cannot be read ({panel.title or panel.id}): {error.message} {error.hint}".rstrip(" .")
        return
    known = {*variables, *(one.name for one in panel.parameters)}
    for name in used:
        if name not in known:
            yield f"{where}.text", f"uses ${name}, which is neither a variable nor a parameter of the panel"


def _value(where: str, name: str, kind: str, value: Given) -> Iterator[Fault]:
    try:
        bind_value(Parameter(name, ParameterType(kind)), value)
    except AmberError as error:
        yield where, f"does not fit: {error.message}".rstrip(".")
