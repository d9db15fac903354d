"""The scorer of the Numenta Anomaly Benchmark, the made series with faults, and the rows of the task."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.evaluate import DamagedData
from ml.evaluate._alerts import Batch, tally, three_sigma
from ml.evaluate._faults import GRACE, KNOWN_DAYS, PER_DAY, SCORED_DAYS, made_series
from ml.evaluate._nab import Labelled, Profile, best_threshold, normalised, probation, raw_score
from ml.evaluate._nab_data import read_corpus, standard_profile
from ml.evaluate.tasks.anomaly import score_nab

STANDARD = Profile()
POINTS = 1_000
WINDOWS = [(300, 399), (700, 799)]


def scored(*places: int) -> Labelled:
    """A detector that alerts at these points."""
    scores = np.zeros(POINTS)
    scores[list(places)] = 1.0
    return Labelled(scores, WINDOWS)


def raw(*places: int) -> float:
    return raw_score(scored(*places), 0.5, STANDARD)


def sigmoid(position: float) -> float:
    return 2 / (1 + math.exp(5 * position)) - 1


def test_silence_is_0_and_perfection_100() -> None:
    """As the null detector has -1 for each window on the scoreboard (-116 for its 116), and the perfect one 1."""
    assert raw() == -2
    assert normalised(raw(), 2, STANDARD) == 0
    assert raw(300, 700) == pytest.approx(2)
    assert normalised(raw(300, 700), 2, STANDARD) == pytest.approx(100)


def test_in_a_window_the_earliest_detection_counts() -> None:
    """By a sigmoid of how early: .987 at the left end, .848 in the middle, which are divided by the former."""
    middle = sigmoid(-0.5) / sigmoid(-1.0)
    assert sigmoid(-1.0) == pytest.approx(0.98661, abs=1e-5)
    assert sigmoid(-0.5) == pytest.approx(0.84828, abs=1e-5)
    assert raw(350) == pytest.approx(middle - 1)
    assert raw(350, 360, 399) == pytest.approx(middle - 1)
    assert raw(399) == pytest.approx(sigmoid(-0.01) / sigmoid(-1.0) - 1)


def test_false_detections_cost_more_the_farther_behind_a_window_they_are() -> None:
    """All they can before the first one; each counts."""
    assert raw(200) == pytest.approx(-2 - 0.11)
    assert raw(200, 201) == pytest.approx(-2 - 0.22)
    assert raw(420) == pytest.approx(-2 + 0.11 * sigmoid(21 / 99))
    assert raw(698) == pytest.approx(-2 - 0.11)
    twice = Profile(false_alarm=0.22)
    assert raw_score(scored(200), 0.5, twice) == pytest.approx(-2.22)
    assert raw_score(scored(), 0.5, Profile(miss=2.0)) == -4


def test_the_start_of_a_series_is_not_scored() -> None:
    """15 per cent, at most 750 points."""
    assert raw(0, 10, 149) == -2
    assert raw(150) < -2
    assert [probation(points) for points in (1_000, 4_032, 5_000, 22_695)] == [150, 604, 750, 750]


@given(st.lists(st.integers(0, 8), min_size=POINTS // 10, max_size=POINTS // 10), st.integers(0, 9))
@settings(max_examples=25, deadline=None)
def test_no_threshold_is_better_than_the_best_one(levels: list[int], other: int) -> None:
    """Nor is silence."""
    series = Labelled(np.repeat(np.array(levels, dtype=np.float64), 10), WINDOWS)
    best = raw_score(series, best_threshold([series], STANDARD), STANDARD)
    assert best >= raw_score(series, float(other), STANDARD) - 1e-9
    assert best >= -2


def write_corpus(data: Path, values: dict[str, list[float]], windows: dict[str, list[list[str]]]) -> None:
    """Series of five minutes, laid out as the repository of the benchmark is."""
    for name, series in values.items():
        path = data / "nab" / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [f"2014-04-{1 + i // 288:02}T{i % 288 // 12:02}:{i % 12 * 5:02}:00,{v}" for i, v in enumerate(series)]
        path.write_text("\n".join(["timestamp,value", *(line.replace("T", " ") for line in lines)]))
    labels = data / "nab" / "labels" / "combined_windows.json"
    labels.parent.mkdir(parents=True, exist_ok=True)
    labels.write_text(json.dumps(windows))


def test_every_category_of_the_folder_has_its_rows(tmp_path: Path) -> None:
    """Whatever its name; one without a window has no score to be had, but its false alerts."""
    dice = np.random.default_rng(1)
    spiky, calm = dice.normal(50, 1, 600), dice.normal(50, 1, 600)
    spiky[500:504] = 90
    window = ["2014-04-02 16:00:00.000000", "2014-04-02 19:00:00.000000"]
    write_corpus(
        tmp_path, {"oursWith/a.csv": spiky.tolist(), "oursWithout/b.csv": calm.tolist()}, {"oursWith/a.csv": [window]}
    )
    corpus = read_corpus(tmp_path)
    assert [series.windows for series in corpus] == [[(480, 516)], []]
    rows = {(row.set, row.metric): row for row in score_nab(corpus, standard_profile(tmp_path))}
    assert {name for name, _ in rows} == {"nab", "nab/oursWith", "nab/oursWithout", "nab/3-sigma"}
    assert rows["nab", "nab_standard"].value > 80
    assert rows["nab", "nab_standard"].value > rows["nab", "nab_standard"].chance + 20
    assert rows["nab/oursWith", "recall_all"].value == 1
    assert ("nab/oursWithout", "nab_standard") not in rows
    assert rows["nab/oursWithout", "false_alerts_per_series_day"].value == 0


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("data/a/x.csv", "timestamp,value\nyesterday,1\n"),
        ("data/a/x.csv", "time,value\n2014-04-01 00:00:00,1\n"),
        ("labels/combined_windows.json", "[]"),
        ("labels/combined_windows.json", '{"a/x.csv": [["2014-04-01 00:00:00"]]}'),
        ("config/profiles.json", '{"standard": {"CostMatrix": {"tpWeight": 1.0}}}'),
    ],
)
def test_damaged_data_is_said_with_its_file(name: str, body: str, tmp_path: Path) -> None:
    """And what it should be."""
    write_corpus(tmp_path, {"a/x.csv": [1.0, 2.0]}, {})
    (tmp_path / "nab" / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "nab" / name).write_text(body)
    with pytest.raises(DamagedData):
        (read_corpus(tmp_path), standard_profile(tmp_path))


def test_made_series_are_the_same_for_a_seed_and_their_faults_can_be_seen() -> None:
    """Within the scored days, apart from each other, and larger than the noise before them."""
    series = made_series(3, 40)
    again = made_series(3, 40)
    assert all(np.array_equal(a.values, b.values, equal_nan=True) for a, b in zip(series, again, strict=True))
    assert not np.array_equal(series[0].values, made_series(4, 1)[0].values, equal_nan=True)
    kinds = {fault.kind for one in series for fault in one.faults}
    assert kinds == {"spike", "step", "shift", "drift", "dropout"}
    for one in series:
        assert len(one.values) == (KNOWN_DAYS + SCORED_DAYS) * PER_DAY
        assert not one.counts or (one.values[np.isfinite(one.values)] >= 0).all()
        edges = [place for fault in one.faults for place in (fault.first, fault.last + GRACE)]
        assert edges == sorted(edges)
        for fault in one.faults:
            assert KNOWN_DAYS * PER_DAY <= fault.first <= fault.last < len(one.values)
            assert np.isfinite(one.values[fault.first : fault.last + 1]).mean() > 0.5


def test_an_alert_is_right_only_within_a_true_stretch() -> None:
    """Found again in the same stretch is right and finds nothing more; nothing counts before the scored part."""
    alerts = np.zeros((2, 100), dtype=np.bool_)
    alerts[0, [5, 42, 44, 60]] = True
    found = tally(alerts, [[(40, 50), (70, 80)], []], [(20, 100), (20, 100)], np.array([2.0, 2.0]))
    assert found.values() == [pytest.approx(2 / 3), 0.5, 0.25]
    silent = tally(np.zeros_like(alerts), [[], []], [(0, 100)] * 2, np.array([1.0, 1.0]))
    assert silent.values() == [1.0, 1.0, 0.0]


def test_the_simple_baseline_alerts_at_the_start_of_a_deviation() -> None:
    """Three standard deviations from the mean of the day before; missing values are none."""
    values = np.random.default_rng(1).normal(10, 1, (1, 400))
    values[0, 350:353] = 40
    values[0, 200] = np.nan
    batch = Batch(np.full(1, 300.0), np.zeros(1, dtype=np.bool_), np.zeros((1, 400)), values)
    assert three_sigma(batch).alerts[0, [350, 351, 352, 200]].tolist() == [True, False, False, False]
