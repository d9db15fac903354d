"""The miner: ids that depend on texts alone, mappings that are refined, a state that goes on."""

from __future__ import annotations

import json
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.templates import Miner, UnreadableState, find_templates, masked, template_id

NAMES = ("ann", "bob", "cem", "dana", "eve", "gus", "hal", "ivo")
LINES = [
    *(f"session opened for user {name} by (uid={number})" for number, name in enumerate(NAMES)),
    *(f"session closed for user {name}" for name in NAMES),
    *(f"worker {name} is {state}" for name in NAMES for state in ("idle", "busy")),
    *(f"free {number} MB of {number * 3} GB" for number in range(1, 9)),
    "link went up",
    "link went down",
    "",
]
WORDS = st.sampled_from(["up", "node1", "node22", "was", "lost", "(", ")", "=", "a.b", ",", "10.0.0.1", "'x y'", "ann"])
TEXTS = st.lists(st.lists(WORDS, max_size=6).map(" ".join), max_size=30)


def mined(lines: list[str]) -> Miner:
    """A miner that has seen lines and looked at them together."""
    miner = Miner()
    for line in lines:
        miner.add(line)
    miner.refine()
    return miner


@settings(max_examples=40, deadline=None)
@given(TEXTS, st.randoms(use_true_random=False))
def test_the_order_of_texts_changes_neither_ids_nor_templates(texts: list[str], dice: random.Random) -> None:
    """Ids are those of the rows; what is known after all of them is the same."""
    shuffled = dice.sample(texts, len(texts))
    first, second = mined(texts), mined(shuffled)
    assert first.state() == second.state()
    assert (
        {t: first.add(t) for t in texts} == {t: second.add(t) for t in shuffled} == {t: template_id(t) for t in texts}
    )


@settings(max_examples=40, deadline=None)
@given(TEXTS, TEXTS, TEXTS)
def test_a_saved_miner_goes_on_as_the_one_it_was_saved_of(before: list[str], after: list[str], more: list[str]) -> None:
    """Through JSON, between refinements, with texts it had not seen."""
    miner = mined(before)
    for text in after:
        miner.add(text)
    loaded = Miner.from_state(json.loads(json.dumps(miner.state())))
    assert loaded.state() == miner.state()
    for text in more:
        assert loaded.add(text) == miner.add(text)
    assert loaded.refine() == miner.refine()
    assert loaded.state() == miner.state()


@settings(max_examples=40, deadline=None)
@given(TEXTS, TEXTS)
def test_refining_tells_what_it_changed_and_templates_have_ids_of_their_texts(
    before: list[str], more: list[str]
) -> None:
    """The mapping after it is the one before with the changes; twice is once; a template's id leads to itself."""
    miner = mined(before)
    for text in more:
        miner.add(text)
    ids = {template_id(text) for text in [*before, *more]}
    known = {text_id: miner.resolve(text_id) for text_id in ids}
    changed = miner.refine()
    assert {text_id: miner.resolve(text_id) for text_id in ids} == {**known, **changed}
    assert all(known[text_id] != target for text_id, target in changed.items())
    assert miner.refine() == {}
    assert {miner.resolve(text_id) for text_id in ids} == set(miner.templates())
    assert all(miner.resolve(name) == name for name in miner.templates())


def test_a_miner_finds_what_is_found_at_once() -> None:
    """Texts share a template's id exactly where they share one in a batch."""
    miner = mined(LINES)
    counts = Counter(map(masked, LINES))
    batch = dict(zip(counts, find_templates(list(counts), list(counts.values())), strict=True))
    names = miner.templates()
    assert [names[miner.resolve(template_id(line))] for line in LINES] == [batch[masked(line)] for line in LINES]
    assert set(names.values()) == {
        "session opened for user <*> by (uid=<*>)",
        "session closed for user <*>",
        "worker <*> is idle",
        "worker <*> is busy",
        "free <*> of <*>",
        "link went up",
        "link went down",
        "",
    }


def test_a_new_text_belongs_to_the_template_it_fits_before_anything_is_refined() -> None:
    """And a template keeps its id when more of its texts come, even more frequent ones."""
    miner = mined(LINES)
    [opened] = [known for known, name in miner.templates().items() if name.startswith("session opened")]
    for _ in range(50):
        new = miner.add("session opened for user zoe by (uid=77)")
    assert new == template_id("session opened for user zoe by (uid=77)") != opened
    assert miner.resolve(new) == opened
    assert miner.refine() == {}
    stranger = miner.add("session lost for user zoe by (uid=77)")
    assert miner.resolve(stranger) == stranger


def test_the_rarest_are_forgotten_when_there_are_too_many() -> None:
    """Frequent ones stay, and what comes back has the id it had."""
    miner = Miner(max_texts=8)
    for _ in range(3):
        miner.add("kept by all means")
    ids = {name: miner.add(f"{name} went to see {name}") for name in (*NAMES, *(n.upper() for n in NAMES))}
    texts = miner.state()["texts"]
    assert len(texts) <= 8
    assert texts["kept by all means"] == 3
    assert {name: miner.add(f"{name} went to see {name}") for name in ids} == ids


@pytest.mark.parametrize("state", [{}, {"version": 2}, {"version": 1}, {**Miner().state(), "mapping": {"x": 1}}])
def test_a_state_that_is_none_is_refused(state: dict[str, object]) -> None:
    """With an error that says so."""
    with pytest.raises(UnreadableState):
        Miner.from_state(state)
