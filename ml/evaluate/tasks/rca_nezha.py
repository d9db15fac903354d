"""Faults of micro-services under load, by the metrics of their pods: Nezha (Yu et al., ESEC/FSE 2023).

Below every folder `nezha-SYSTEM`, packed as `*.tar.xz` or not: `rca_data/DATE/DATE-fault_list.json` says when which pod
was made to fail and how, `rca_data/DATE/metric` and `construct_data/DATE/metric` hold a table for each pod with a row
every minute (`POD_metric.csv`), latencies at the front (`front_service.csv`), those between services as callers and as
callees see them (`source_50.csv`, `destination_50.csv`) and who calls whom (`dependency.csv`), each of which may be
missing. An answer counts when it names the service of the pod. Nobody says where the fault shows: there is no symptom.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from ml.evaluate._rows import DamagedData
from ml.evaluate.tasks.rca_cases import Floats, LabelledCase, numbers, parsed_json, read_table
from ml.rca import ALL_CALLEES, Case, Edge, Grid, Range, Series, Signal, Symptom

FOLDER: Final = "nezha"
_STEP: Final = 60.0
_BEFORE_S: Final = 180.0
_AFTER_S: Final = 300.0
"""A fault lasts about as long."""

_REST_S: Final = 600.0
"""After that a fault is over in any case."""

_LEAST_FREE_S: Final = 1_800.0

_COLUMNS: Final[Mapping[str, tuple[Signal, str, str]]] = {
    "CpuUsageRate(%)": (Signal.RESOURCE, "cpu", ""),
    "MemoryUsageRate(%)": (Signal.RESOURCE, "memory", ""),
    "SyscallRead": (Signal.METRIC, "reads", ""),
    "SyscallWrite": (Signal.METRIC, "writes", ""),
    "NetworkReceiveBytes": (Signal.METRIC, "received", ""),
    "NetworkTransmitBytes": (Signal.METRIC, "sent", ""),
    "PodServerLatencyP90(s)": (Signal.LATENCY, "p90", ""),
    "PodServerLatencyP95(s)": (Signal.LATENCY, "p95", ""),
    "PodServerLatencyP99(s)": (Signal.LATENCY, "p99", ""),
    "PodClientLatencyP90(s)": (Signal.LATENCY, "p90", ALL_CALLEES),
    "PodClientLatencyP95(s)": (Signal.LATENCY, "p95", ALL_CALLEES),
    "PodClientLatencyP99(s)": (Signal.LATENCY, "p99", ALL_CALLEES),
    "PodWorkload(Ops)": (Signal.TRAFFIC, "", ""),
    "PodSuccessRate(%)": (Signal.ERRORS, "", ""),
    "SuccessRate(%)": (Signal.ERRORS, "", ""),
    "LatencyP50(s)": (Signal.LATENCY, "p50", ""),
    "LatencyP90(s)": (Signal.LATENCY, "p90", ""),
    "LatencyP95(s)": (Signal.LATENCY, "p95", ""),
    "LatencyP99(s)": (Signal.LATENCY, "p99", ""),
}
"""What the columns of pods and of the front are: signal, name and, for what a pod sees of others, the peer."""

_FRONT: Final = "front_service.csv"
_SEEN_BY_CALLER: Final = "source_50.csv"
_SEEN_BY_CALLEE: Final = "destination_50.csv"
_CALLS: Final = "dependency.csv"


@dataclass(frozen=True, slots=True)
class _Fault:
    at: float
    service: str
    kind: str


@dataclass(frozen=True, slots=True)
class _Day:
    """A day of a system: its grid, its series, who calls whom, its services and what was done to them."""

    date: str
    grid: Grid
    series: tuple[Series, ...]
    edges: tuple[Edge, ...]
    services: tuple[str, ...]
    faults: tuple[_Fault, ...]


def nezha_faults(data: Path) -> Iterator[LabelledCase]:
    """Yield the faults of every system.

    Raises:
        DamagedData: a file cannot be read.
    """
    for folder in sorted(data.glob(f"{FOLDER}-*")):
        name = f"{FOLDER}/{folder.name.removeprefix(f'{FOLDER}-')}"
        for day in _days(_texts(folder)):
            for fault in day.faults:
                yield LabelledCase(
                    name, f"{day.date}/{fault.at:.0f}", _case(day, fault), fault.service, len(day.services), fault.kind
                )


def _texts(folder: Path) -> dict[str, str]:
    """Return the tables and fault lists below a folder, packed or not, by their path from `rca_data` on."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and (name := _kept(path.relative_to(folder).as_posix())):
            found[name] = path.read_text(encoding="utf-8", errors="replace")
        elif path.name.endswith((".tar.xz", ".tar.gz", ".tar")):
            try:
                with tarfile.open(path) as packed:
                    for member in packed:
                        name = _kept(member.name)
                        if name and member.isfile() and (read := packed.extractfile(member)):
                            found[name] = read.read().decode("utf-8", errors="replace")
            except (tarfile.TarError, EOFError, OSError) as error:
                raise DamagedData(f"{path} cannot be unpacked: {error}.", hint="Fetch it again.") from error
    return found


def _kept(path: str) -> str:
    """Return the path of a file that is read, from `rca_data` or `construct_data` on; empty for others."""
    parts = path.split("/")
    roots = [i for i, part in enumerate(parts) if part in {"rca_data", "construct_data"}]
    wanted = path.endswith("fault_list.json") or (len(parts) > 1 and parts[-2] == "metric" and path.endswith(".csv"))
    return "/".join(parts[roots[0] :]) if roots and wanted else ""


def _days(texts: Mapping[str, str]) -> Iterator[_Day]:
    for path in sorted(name for name in texts if name.endswith("fault_list.json")):
        date = path.split("/")[1]
        faults = _faults(texts[path], path)
        tables: dict[str, list[str]] = {}
        for name in sorted(texts):
            if name.split("/")[1] == date and name.endswith(".csv"):
                tables.setdefault(name.split("/")[-1], []).append(name)
        yield _day(date, faults, {name: [texts[one] for one in paths] for name, paths in tables.items()})


def _faults(text: str, path: str) -> tuple[_Fault, ...]:
    try:
        return tuple(
            _Fault(_moment(str(one["inject_time"])), _service(str(one["inject_pod"])), str(one["inject_type"]))
            for hour in parsed_json(text, path).values()  # type: ignore[attr-defined]
            for one in hour
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise DamagedData(
            f"{path} is no list of faults: {error}.", hint="Each has a time, a pod and a type."
        ) from error


def _service(pod: str) -> str:
    """Return the service of a pod: its name without those of its replica set and of itself."""
    parts = pod.rsplit("-", 2)
    return parts[0] if len(parts) > 2 else pod


def _moment(text: str) -> float:
    # Times are read rather than the stamps beside them, of which some have a wrong digit.
    return datetime.fromisoformat(text[:19]).replace(tzinfo=UTC).timestamp()


def _day(date: str, faults: tuple[_Fault, ...], tables: Mapping[str, Sequence[str]]) -> _Day:
    columns: dict[tuple[str, Signal, str, str], dict[float, float]] = {}
    services = sorted({_service(name.removesuffix("_metric.csv")) for name in tables if name.endswith("_metric.csv")})
    for name, texts in tables.items():
        if name == _CALLS:
            continue
        for text in texts:
            for key, at, value in _cells(name, text, services):
                columns.setdefault(key, {}).setdefault(at, value)
    if not columns:
        raise DamagedData(f"There are no metrics of {date}.", hint="They stand in rca_data/DATE/metric.")
    times = [at for cells in columns.values() for at in cells]
    start = min(times)
    grid = Grid(start, _STEP, int((max(times) - start) // _STEP) + 1)
    series = tuple(
        Series(node, signal, _row(columns[node, signal, name, peer], grid), name, _UNITS.get(signal, ""), key, peer)
        for node, signal, name, peer in sorted(columns)
        for key in [" ".join(part for part in (node, peer, name, signal.value) if part)]
    )
    return _Day(date, grid, series, _edges(tables.get(_CALLS, ()), services), tuple(services), faults)


_UNITS: Final = {Signal.LATENCY: "s", Signal.ERRORS: "share", Signal.TRAFFIC: "requests"}


def _cells(
    name: str, text: str, services: Sequence[str]
) -> Iterator[tuple[tuple[str, Signal, str, str], float, float]]:
    """Yield the values of a table: what they are of, minute and value."""
    heads, rows = read_table(text, 1, name)
    kinds = [_kind(name, head, services) for head in heads[0]]
    for row in rows:
        at = _moment(row[0]) // _STEP * _STEP
        # What users see of the system as a whole is of no service that could be at fault.
        front = _service(row[2]).lower() if name == _FRONT else ""
        node = front if front in services else ""
        for kind, value in zip(kinds, numbers(row), strict=True):
            if kind is not None:
                shown = 1.0 - value / 100.0 if kind[1] is Signal.ERRORS else value
                yield (kind[0] or node, *kind[1:]), at, shown


def _kind(name: str, head: str, services: Sequence[str]) -> tuple[str, Signal, str, str] | None:
    """Return what a column is: node (empty for that of the row), signal, name and peer; None for no series."""
    if name in {_SEEN_BY_CALLER, _SEEN_BY_CALLEE}:
        caller, _, callee = head.partition("_")
        if caller not in services or callee not in services:
            return None
        if name == _SEEN_BY_CALLER:
            return caller, Signal.LATENCY, "p50", callee
        return callee, Signal.LATENCY, f"p50 for {caller}", ""
    node = "" if name == _FRONT else _service(name.removesuffix("_metric.csv"))
    return (node, *_COLUMNS[head]) if head in _COLUMNS else None


def _row(cells: Mapping[float, float], grid: Grid) -> Floats:
    row = np.full(grid.points, np.nan)
    for at, value in cells.items():
        row[int((at - grid.start) // _STEP)] = value
    return row


def _edges(texts: Sequence[str], services: Sequence[str]) -> tuple[Edge, ...]:
    pairs = {(row[0], row[1]) for text in texts for row in read_table(text, 1, _CALLS)[1]}
    return tuple(Edge(*pair) for pair in sorted(pairs) if set(pair) <= set(services))


def _case(day: _Day, fault: _Fault) -> Case:
    return Case(
        symptom=Symptom("", Signal.LATENCY),
        window=Range(fault.at - _BEFORE_S, fault.at + _AFTER_S),
        baseline=_free(day),
        grid=day.grid,
        series=day.series,
        edges=day.edges,
    )


def _free(day: _Day) -> Range:
    """Return the longest time without a fault; all of the day when there is none of half an hour."""
    end = day.grid.start + day.grid.step * day.grid.points
    edges = [day.grid.start - _REST_S, *sorted(one.at for one in day.faults), end]
    free = [(b - a - _REST_S, a + _REST_S, b) for a, b in pairwise(edges)]
    longest, first, last = max(free)
    return Range(first, last) if longest >= _LEAST_FREE_S else Range(day.grid.start, end)
