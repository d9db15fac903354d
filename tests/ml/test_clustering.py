"""Re-clustering as pure functions: traces, similarity, candidates, merges, suggestions, splits, and the fitted file."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.clustering import (
    FEATURES,
    Clustering,
    Corpus,
    Trace,
    causes,
    fitted_model,
    learned,
    similarity,
    trace_of,
    trace_of_columns,
    unpacked,
)
from ml.clustering.train import calibrate, threshold

NAMES = st.text(st.characters(codec="utf-8", exclude_characters=" "), max_size=12)
TRACES = st.builds(
    lambda kinds, pairs, message: Trace(
        tuple(kinds), tuple(f"{m} {f}" for m, f in pairs), tuple(m for m, _ in pairs), message
    ),
    st.lists(NAMES, max_size=3),
    st.lists(st.tuples(NAMES, NAMES), max_size=8, unique=True),
    st.text(max_size=40),
)


def trace(*functions: str, kind: str = "ValueError", message: str = "bad <int>") -> Trace:
    """A stack of functions, each in a module of its own, the innermost first."""
    modules = tuple(f"shop.{name}" for name in functions)
    frames = tuple(f"{module} {name}" for module, name in zip(modules, functions, strict=True))
    return Trace((kind,), frames, modules, message)


def crowd(count: int = 40) -> dict[str, Trace]:
    """Traces that have nothing to do with each other but for one frame of plumbing."""
    return {
        f"other{n}": trace(*(f"o{n}_{k}" for k in range(6)), "run", kind=f"E{n}", message=f"w{n}") for n in range(count)
    }


ALIKE = {
    "one": trace(*(f"step{n}" for n in range(12)), "first"),
    "two": trace(*(f"step{n}" for n in range(12)), "second"),
}


@given(TRACES)
def test_a_trace_comes_back_from_its_json_as_it_was(one: Trace) -> None:
    """The metadata database keeps traces as JSON values."""
    assert unpacked(json.loads(json.dumps(one.packed()))) == one


@given(TRACES, TRACES)
@settings(max_examples=60)
def test_similarity_is_symmetric_and_between_0_and_1(one: Trace, other: Trace) -> None:
    """Whichever of two issues is the new one, and whatever their stacks hold."""
    corpus: Corpus[int] = Corpus({1: one, 2: other})
    found = similarity(corpus, one, other)
    assert found == pytest.approx(similarity(corpus, other, one))
    assert len(found) == len(FEATURES)
    assert all(0 <= each <= 1 for each in found)


def test_an_event_and_its_columns_give_one_trace() -> None:
    """What re-clustering reads from the store is what evaluation reads from events; counters and lines do not count."""
    frames = [
        {"module": "lib.Pool", "function": "run", "lineno": 5},
        {"module": "shop.Cart$3", "function": "lambda$add$17", "lineno": 7, "in_app": True},
        {"filename": "/srv/app/pay.py", "function": "charge", "lineno": 9, "in_app": True},
    ]
    exception = {"type": "ValueError", "value": "order 4711 is bad", "stacktrace": {"frames": frames}}
    other = json.loads(json.dumps(exception).replace("$3", "$8").replace("$17", "$2").replace("4711", "12"))
    expected = trace_of({"exception": {"values": [exception]}})
    assert expected == trace_of({"exception": {"values": [other]}})
    assert expected == trace_of_columns(
        ["ValueError"],
        ["lib.Pool", "shop.Cart$3", ""],
        ["run", "lambda$add$17", "charge"],
        ["", "", "/srv/app/pay.py"],
        ["false", "true", "true"],
        "order 4711 is bad",
    )
    assert [frame.split(" ")[-1] for frame in expected.frames] == ["charge", "lambdaadd"]


def test_what_is_alike_is_merged_and_what_is_not_is_left_alone() -> None:
    """A merge tells which frames agree; strangers are neither merged nor suggested."""
    clustering = Clustering(Corpus(ALIKE | crowd()), [], fitted_model())
    (found,) = clustering.propose([*ALIKE, *crowd()])
    assert ({found.one, found.other}, found.merge) == ({"one", "two"}, True)
    assert found.probability >= fitted_model().merge_at
    assert found.evidence["shared_frames"]
    assert sorted(clustering.members("one")) == ["one", "two"]


def test_a_persons_word_binds_the_model_for_whole_groups() -> None:
    """Groups are not merged, and not suggested, when any two of their members were parted."""
    traces = ALIKE | crowd() | {"three": trace("elsewhere", "run")}
    parted = {frozenset(("three", "two"))}
    clustering = Clustering(
        Corpus(traces), [["one", "three"]], fitted_model(), lambda a, b: frozenset((a, b)) in parted
    )
    assert clustering.propose(traces) == []


def test_what_is_not_sure_is_suggested() -> None:
    """A model that wants more before it merges leaves the same pair to people."""
    careful = replace(fitted_model(), merge_at=1.0)
    (found,) = Clustering(Corpus(ALIKE | crowd()), [], careful).propose(ALIKE)
    assert (found.merge, {found.one, found.other}) == (False, {"one", "two"})


def test_candidates_are_few_however_many_share_a_frame() -> None:
    """What everybody shares makes no candidates; what few share does."""
    corpus = Corpus(ALIKE | crowd(300))
    assert corpus.candidates("one") == ["two"]
    assert len(corpus.candidates("other5")) == 0


@settings(max_examples=60)
@given(st.lists(TRACES, min_size=1, max_size=12), st.sets(st.integers(0, 11)))
def test_asking_for_some_names_only_changes_nothing_for_them(traces: list[Trace], asked: set[int]) -> None:
    """A run over a hundred new issues indexes what those have, and finds what an index of everything finds."""
    everything = dict(enumerate(traces))
    full, some = Corpus(everything), Corpus(everything, asked)
    names = asked & set(everything)
    assert [some.candidates(name) for name in names] == [full.candidates(name) for name in names]
    first, last = traces[0], traces[-1]
    assert similarity(some, first, last) == similarity(full, first, last)


def test_traces_kept_by_the_version_before_are_read() -> None:
    """It kept frames as pairs."""
    assert unpacked({"t": ["KeyError"], "f": [["shop", "pay"]], "m": "no"}) == Trace(
        ("KeyError",), ("shop pay",), ("shop",), "no"
    )


def test_causes_that_share_nothing_are_told_apart_and_a_chain_is_not() -> None:
    """Two sets of stacks are two causes; stacks that change step by step are one."""
    apart = {f"a{n}": ALIKE["one"] for n in range(3)} | {f"b{n}": crowd()["other1"] for n in range(2)}
    sets, probability = causes(Corpus(ALIKE | crowd()), apart, fitted_model())
    assert [sorted(names) for names in sets] == [["a0", "a1", "a2"], ["b0", "b1"]]
    assert probability >= 0.95
    together, none = causes(Corpus(ALIKE | crowd()), ALIKE, fitted_model())
    assert (len(together), none) == (1, 0.0)


def test_the_fitted_file_is_of_this_code_and_its_probabilities_grow() -> None:
    """It names the features it was fitted to, merges only at .95 or more, and a higher score is never less probable."""
    model = fitted_model()
    assert model.merge_at >= 0.95
    assert model.suggest_at < model.merge_at
    steps = [model.calibrated(score / 10) for score in range(-120, 120)]
    assert steps == sorted(steps)
    assert 0 < steps[0] < steps[-1] < 1
    assert set(model.folds) >= {"Chart", "Lang", "Math"}


def test_a_threshold_needs_enough_pairs_above_it() -> None:
    """Three right pairs at the top are luck; thirty are not; where precision is never reached nothing is merged."""
    scores = np.linspace(10, 0, 100)
    good = np.concatenate([np.ones(30), np.zeros(70)])
    assert threshold(scores, good) == scores[30]
    assert threshold(scores, np.concatenate([np.ones(3), np.zeros(97)])) > scores.max()
    points = calibrate(scores, good)
    assert [point[1] for point in points] == sorted(point[1] for point in points)


STEPS = (0.6, 0.7, 0.8, 0.9, 0.95, 0.97, 0.99)


@pytest.mark.parametrize(
    ("said", "merges_at"),
    [
        pytest.param([], 0.95, id="nothing"),
        pytest.param([(0.1, False)] * 500, 0.95, id="what-it-would-not-suggest"),
        pytest.param([(0.99, True)] * 500, 0.95, id="they-agree"),
        pytest.param([(0.99, False)], 0.95, id="one-slip"),
        pytest.param([(0.7, False)] * 500 + [(0.9, True)] * 200, 0.9, id="accepted-again-and-again"),
        pytest.param([(0.9, True)] * 20, 0.95, id="accepted-now-and-then"),
        pytest.param([(0.96, False)] * 10 + [(0.98, True)] * 5, 0.97, id="parted-below-what-they-agree-to"),
        pytest.param([(0.99, False)] * 3, None, id="parted"),
        pytest.param([(0.99, False)] * 3 + [(0.99, True)] * 60, 0.95, id="parted-and-then-accepted"),
    ],
)
def test_a_project_merges_from_the_probability_its_people_bear_out(
    said: list[tuple[float, bool]], merges_at: float | None
) -> None:
    """Parting what the model is surest of ends its merges, accepting its suggestions begins more; few say nothing."""
    model = replace(fitted_model(), merge_at=0.95)
    found = learned(model, said)
    assert next((step for step in STEPS if step >= found.merge_at), None) == merges_at
    assert replace(found, merge_at=0.95) == model
    assert learned(model, said[::-1]) == found
