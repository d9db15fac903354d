"""Labelled faults of other systems as they lie on disk: what is read, and that answers to them are counted."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from ml.evaluate import DamagedData, Row
from ml.evaluate.tasks.rca_metrics import rca_metrics
from ml.evaluate.tasks.rca_nezha import nezha_faults
from ml.evaluate.tasks.rca_petshop import petshop_issues
from ml.evaluate.tasks.rca_traces import rca_traces
from ml.rca import Signal, diagnose

CHAIN = ("site", "search", "store")
COLUMNS = (("latency", "Average"), ("requests", "Sum"), ("availability", "Average"))
GRAPH = ",site,search,store\nsite,0,1,0\nsearch,0,0,1\nstore,0,0,0\n"
CALLS = "Source,Target,Weight\nfront,cart-service,1\nfront,10.0.0.1,1\n"
HEADS = "Time,TimeStamp,PodName,CpuUsageRate(%),PodServerLatencyP90(s),PodClientLatencyP90(s),PodWorkload(Ops)"
NORMAL_ROWS = 60


def metrics(rows: int, start: float, seed: int, slow: Sequence[str] = ()) -> str:
    """Return a table of metrics of three nodes; in the third and fourth row some are slow."""
    dice = np.random.default_rng(seed)
    heads = [
        (n, m, s) for n in CHAIN for m, s in (("latency", "Average"), ("requests", "Sum"), ("availability", "Average"))
    ]
    lines = [
        ",".join([name, *(head[i] for head in heads)]) for i, name in enumerate(("microservice", "metric", "statistic"))
    ]
    lines.append("unix_timestamp" + "," * len(heads))
    for row in range(rows):
        cells = []
        for node, metric, _ in heads:
            late = 0.5 if node in slow and row in {2, 3} else 0.0
            value = {"latency": 0.1 + 0.004 * dice.standard_normal() + late, "requests": 500.0, "availability": 100.0}
            cells.append(f"{value[metric]:.5f}")
        lines.append(",".join([f"{start + 300.0 * row:.0f}", *cells]))
    return "\n".join(lines) + "\n"


@pytest.fixture(name="shop")
def _shop(tmp_path: Path) -> Path:
    """Return a folder with a scenario of normal metrics and two splits, and one without normal metrics."""
    for scenario, splits in (("busy", ("train", "test")), ("quiet", ("later",))):
        folder = tmp_path / "petshop" / "dataset" / scenario
        folder.mkdir(parents=True)
        (folder / "graph.csv").write_text(
            ",site,search,store\nsite,0,1,0\nsearch,0,0,1\nstore,0,0,0\n", encoding="utf-8"
        )
        for i, split in enumerate(splits):
            issue = folder / split / "issue_0"
            issue.mkdir(parents=True)
            slow = CHAIN[: 2 + i]
            (issue / "metrics.csv").write_text(metrics(5, 2e9, i, slow), encoding="utf-8")
            target = {"node": "site", "metric": "latency", "agg": "Average", "timestamp": 2e9 + 600}
            truth = {"target": target, "root_cause": {"node": slow[-1], "metric": None}}
            (issue / "target.json").write_text(json.dumps(truth), encoding="utf-8")
    normal = tmp_path / "petshop" / "dataset" / "busy" / "noissue"
    normal.mkdir()
    (normal / "metrics.csv").write_text(metrics(NORMAL_ROWS, 1e9, 9), encoding="utf-8")
    return tmp_path


def named(rows: Sequence[Row]) -> dict[tuple[str, str], Row]:
    """Return rows by set and metric."""
    return {(row.set, row.metric): row for row in rows}


def test_every_split_of_every_scenario_of_the_shop_is_scored(shop: Path) -> None:
    """Splits have any name; a scenario without normal metrics borrows those of another."""
    rows = named(list(rca_metrics(shop)))
    assert rows["petshop", "ac@1"].value == 1.0
    assert rows["petshop", "ac@1"].n == 3
    assert rows["petshop", "ac@1"].chance == pytest.approx(1 / 3)
    assert rows["petshop/quiet", "ac@3"].chance == 1.0
    assert rows["petshop/busy", "specificity"].value >= 0.8
    assert ("petshop/quiet", "specificity") not in rows


def test_failures_are_what_is_not_available(shop: Path) -> None:
    """Availability in per cent becomes a share that fails; what the shop's nodes call is the graph."""
    case = next(petshop_issues(shop)).case
    errors = next(one for one in case.series if one.signal is Signal.ERRORS)
    assert (errors.unit, float(np.nanmax(errors.values))) == ("share", 0.0)
    assert [(one.caller, one.callee) for one in case.edges] == [("site", "search"), ("search", "store")]


def test_a_damaged_target_is_named(shop: Path) -> None:
    """The error says which file lacks what."""
    path = shop / "petshop" / "dataset" / "busy" / "test" / "issue_0" / "target.json"
    path.write_text('{"target": {}}', encoding="utf-8")
    with pytest.raises(DamagedData, match=r"target\.json lacks"):
        list(rca_metrics(shop))


def pods(folder: Path, *, edges: bool) -> None:
    """Write a day of two pods, of which one has too little processor for a while; packed."""
    dice = np.random.default_rng(3)
    base = datetime(2022, 8, 22, 3, 0, tzinfo=UTC).timestamp()
    fault = base + 60.0 * 200
    files: dict[str, str] = {}
    for pod, hit in (("front-7c5-abcde", 0.5), ("cart-service-59f-wc2lz", 0.5)):
        lines = [
            "Time,TimeStamp,PodName,CpuUsageRate(%),PodServerLatencyP90(s),PodClientLatencyP90(s),PodWorkload(Ops)"
        ]
        for minute in range(240):
            at = datetime.fromtimestamp(base + 60.0 * minute, UTC)
            bad = 200 <= minute < 206
            own = bad and pod.startswith("cart")
            cells = [
                20.0 + dice.standard_normal() + (70.0 if own else 0.0),
                0.1 + 0.005 * dice.standard_normal() + (hit if bad else 0.0),
                0.05 + 0.002 * dice.standard_normal() + (hit if bad and not own else 0.0),
                5.0,
            ]
            # The stamp beside the time may be wrong.
            lines.append(
                f"{at:%Y-%m-%d %H:%M:%S}.12 +0000 UTC,1861140279,{pod}," + ",".join(f"{one:.5f}" for one in cells)
            )
        files[f"./rca_data/2022-08-22/metric/{pod}_metric.csv"] = "\n".join(lines)
    if edges:
        files["./rca_data/2022-08-22/metric/dependency.csv"] = (
            "Source,Target,Weight\nfront,cart-service,1\nfront,10.0.0.1,1\n"
        )
    when = f"{datetime.fromtimestamp(fault, UTC):%Y-%m-%d %H:%M:%S}"
    faults = {"06": [{"inject_time": when, "inject_pod": "cart-service-59f-wc2lz", "inject_type": "cpu_contention"}]}
    files["./rca_data/2022-08-22/2022-08-22-fault_list.json"] = json.dumps(faults)
    folder.mkdir()
    with tarfile.open(folder / "metrics.tar.xz", "w:xz") as packed:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            packed.addfile(member, io.BytesIO(text.encode()))


@pytest.mark.parametrize("edges", [True, False], ids=["with calls", "without calls"])
def test_pods_of_any_system_are_scored(tmp_path: Path, *, edges: bool) -> None:
    """The service of the pod is found, also when nobody says who calls whom."""
    pods(tmp_path / "nezha-trams", edges=edges)
    rows = named(list(rca_traces(tmp_path)))
    assert rows["nezha/trams", "as@1"].value == 1.0
    assert rows["nezha", "as@1"].chance == pytest.approx(0.5)
    (one,) = nezha_faults(tmp_path)
    assert (one.cause, one.fault) == ("cart-service", "cpu_contention")
    assert diagnose(one.case).onset is not None


def test_a_folder_without_any_gives_no_rows(tmp_path: Path) -> None:
    """Another task may have something to score."""
    assert [*rca_metrics(tmp_path), *rca_traces(tmp_path)] == []


def test_a_damaged_archive_is_named(tmp_path: Path) -> None:
    """It is not passed over."""
    (tmp_path / "nezha-trams").mkdir()
    (tmp_path / "nezha-trams" / "metrics.tar.xz").write_bytes(b"nothing of the kind")
    with pytest.raises(DamagedData, match="cannot be unpacked"):
        list(rca_traces(tmp_path))
