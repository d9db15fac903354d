"""What `ml.rca.diagnose` says about made-up systems in which the cause is known."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ml.rca import (
    Case,
    CauseKind,
    Change,
    ChangeKind,
    Diagnosis,
    Difference,
    Grid,
    Pattern,
    PatternKind,
    Range,
    Series,
    Signal,
    SpanGroup,
    SuspectCommit,
    Symptom,
    Verdict,
    diagnose,
)
from tests.ml_rca import systems as s


def first(found: Diagnosis) -> tuple[CauseKind, str, str | None]:
    """Return kind, node and change of the first hypothesis."""
    assert found.verdict is Verdict.CAUSE, found.why
    return found.hypotheses[0].kind, found.hypotheses[0].node, found.hypotheses[0].change


def change(name: str, kind: ChangeKind, node: str, at: float, **attributes: str) -> Change:
    """Return a change with a key."""
    return Change(name, kind, at, node, f"change {name}", attributes=attributes, key=f"change/{name}")


@pytest.mark.parametrize("node", sorted(s.LEVELS))
@pytest.mark.parametrize("signal", [Signal.LATENCY, Signal.ERRORS])
def test_the_deepest_node_that_is_off_is_blamed(node: str, signal: Signal) -> None:
    """All that call it are off as much; it is named first, whichever it is."""
    found = diagnose(s.system(slow=node, by=0.5 if signal is Signal.LATENCY else 0.2, signal=signal))
    assert first(found)[1] == node
    assert {one.node for one in found.blast_radius.nodes} >= s.callers(node)


def test_the_chain_goes_from_the_cause_to_the_symptom_and_each_link_has_its_evidence() -> None:
    """Each link begins where the one before it ended, and its key is that of a series of the effect."""
    found = diagnose(s.system(slow="stock-db"))
    chain = found.hypotheses[0].chain
    assert [(one.cause, one.effect) for one in chain] == [("stock-db", "stock"), ("stock", "cart"), ("cart", "web")]
    assert [one.keys for one in chain] == [("stock latency",), ("cart latency",), ("web latency",)]
    assert chain[-1].text.startswith("p95 latency of web rose from 0.")
    assert found.hypotheses[0].evidence[0].key.startswith("stock-db ")


def test_the_onset_is_where_the_fault_was_planted() -> None:
    """It is found within a bucket, and the interval holds it."""
    found = diagnose(s.system(slow="stock"))
    assert found.onset is not None
    assert abs(found.onset.at - s.moment(s.ONSET)) <= s.STEP
    assert found.onset.earliest <= s.moment(s.ONSET) <= found.onset.latest


def test_noise_is_nothing() -> None:
    """Of forty systems that are well at most four are said to be ill."""
    verdicts = [diagnose(s.system(seed)).verdict for seed in range(40)]
    assert verdicts.count(Verdict.NOTHING) >= 36


@pytest.mark.parametrize(
    "case",
    [
        Case(Symptom("web", Signal.LATENCY), Range(10.0, 20.0), Range(0.0, 10.0)),
        replace(s.system(slow="web"), symptom=Symptom("nobody", Signal.LATENCY)),
        replace(s.system(slow="web"), baseline=Range(s.moment(0), s.moment(4))),
        replace(s.system(slow="web"), window=Range(s.moment(900), s.moment(950))),
    ],
    ids=["no series", "no series of the symptom", "no baseline", "nothing within the window"],
)
def test_what_cannot_be_told_is_not_told(case: Case) -> None:
    """Too little data has a verdict of its own, and says what is missing."""
    found = diagnose(case)
    assert found.verdict is Verdict.NOT_ENOUGH_DATA
    assert found.why
    assert found.hypotheses == ()


def test_a_series_of_another_length_than_the_grid_is_refused() -> None:
    """The error names the series."""
    wrong = Series("web", Signal.LATENCY, np.zeros(3), "p95")
    with pytest.raises(ValueError, match="web latency p95 has 3 values, not 240"):
        diagnose(replace(s.system(), series=(wrong,)))


def test_the_answer_does_not_depend_on_the_order_of_anything() -> None:
    """Series, edges and changes in another order give the same diagnosis, to the last digit."""
    case = replace(
        s.system(slow="stock"),
        changes=tuple(change(str(i), ChangeKind.CONFIG, "cart", s.moment(s.ONSET - i)) for i in range(4)),
    )
    dice = np.random.default_rng(1)

    other = replace(
        case,
        series=tuple(case.series[i] for i in dice.permutation(len(case.series))),
        edges=tuple(case.edges[i] for i in dice.permutation(len(case.edges))),
        changes=tuple(case.changes[i] for i in dice.permutation(len(case.changes))),
    )
    assert diagnose(other) == diagnose(case)


@pytest.mark.parametrize("factor", [1e-3, 1e3])
def test_the_answer_does_not_depend_on_units(factor: float) -> None:
    """Milliseconds or seconds, per cent or shares of a processor: the same order of causes."""
    case = s.system(slow="stock")
    scaled = tuple(
        replace(one, values=one.values * factor) if one.signal in {Signal.LATENCY, Signal.RESOURCE} else one
        for one in case.series
    )
    before, after = diagnose(case), diagnose(replace(case, series=scaled))
    assert [(one.node, one.kind) for one in after.hypotheses] == [(one.node, one.kind) for one in before.hypotheses]
    assert after.hypotheses[0].confidence == pytest.approx(before.hypotheses[0].confidence, abs=1e-6)


@pytest.mark.parametrize("gone", ["cart", "prices", "search"])
def test_the_cause_is_found_when_a_node_tells_nothing(gone: str) -> None:
    """A caller between cause and symptom, or a bystander, may be silent."""
    case = s.system(slow="stock-db")
    found = diagnose(replace(case, series=tuple(one for one in case.series if one.node != gone)))
    assert first(found)[1] == "stock-db"


def test_missing_values_are_not_zero() -> None:
    """A node that tells nothing during the fault is not off because of that."""
    case = s.system(slow="stock")
    series = []
    for one in case.series:
        values = one.values.copy()
        if one.node == "prices":
            values[s.ONSET :] = np.nan
        series.append(replace(one, values=values))
    found = diagnose(replace(case, series=tuple(series)))
    assert first(found)[1] == "stock"
    assert "prices" not in {one.node for one in found.blast_radius.nodes}


def test_what_was_off_long_before_is_no_cause() -> None:
    """A callee whose level changed an hour before the symptom did is not named for it."""
    case = s.moved(s.system(slow="stock"), "stock-db", Signal.LATENCY, 5.0, first=s.FIRST)
    values = {one.key: one.values.copy() for one in case.series}
    values["stock-db latency"][s.FIRST + 20 :] *= 5.0
    case = replace(case, series=tuple(replace(one, values=values[one.key]) for one in case.series))
    assert first(diagnose(case))[1] == "stock"


@pytest.mark.parametrize("kind", [ChangeKind.RELEASE, ChangeKind.CONFIG, ChangeKind.FLAG, ChangeKind.DEPLOY])
def test_the_change_just_before_it_began_is_blamed_and_not_those_elsewhere_or_later(kind: ChangeKind) -> None:
    """Of five changes one is at the node that is at fault and just before the onset; one after it is ruled out."""
    onset = s.moment(s.ONSET)
    changes = (
        change("guilty", kind, "stock", onset - 30.0),
        change("elsewhere", kind, "search", onset - 30.0),
        change("caller", kind, "web", onset - 60.0),
        change("yesterday", kind, "stock", onset - 86_400.0),
        change("late", kind, "stock", onset + 600.0),
    )
    found = diagnose(replace(s.system(slow="stock"), changes=changes))
    assert first(found) == (CauseKind(kind.value), "stock", "guilty")
    assert found.hypotheses[0].evidence[0].key
    assert found.hypotheses[0].chain[0].cause == found.hypotheses[0].title
    reasons = {one.key: one.why for one in found.ruled_out}
    assert "after it began" in reasons["change/late"]
    assert "before it began" in reasons["change/yesterday"]


@pytest.mark.parametrize("minutes", [3.0, 10.0, 25.0])
def test_a_change_after_the_onset_is_never_blamed(minutes: float) -> None:
    """However well it would fit otherwise."""
    late = change("late", ChangeKind.RELEASE, "stock", s.moment(s.ONSET) + 60.0 * minutes)
    found = diagnose(replace(s.system(slow="stock"), changes=(late,)))
    assert all(one.change is None for one in found.hypotheses)


def test_a_release_bad_requests_share_is_likelier_than_one_beside_it() -> None:
    """Two releases went out together: what bad ones have in common decides, and its commits come with it."""
    onset = s.moment(s.ONSET)
    case = replace(
        s.system(slow="stock"),
        changes=(
            change("one", ChangeKind.RELEASE, "stock", onset - 60.0, release="stock@1"),
            change("two", ChangeKind.RELEASE, "stock", onset - 60.0, release="stock@2"),
        ),
        differences=(Difference("release", "stock@2", 0.95, 0.3, 190, 300, key="diff/release"),),
        commits=(SuspectCommit("abc123", 0.9, "touches the failing line", release="stock@2", key="commit/abc123"),),
    )
    best = diagnose(case).hypotheses[0]
    assert best.change == "two"
    assert [one.sha for one in best.commits] == ["abc123"]
    assert {"diff/release", "commit/abc123"} <= {one.key for one in best.evidence}


def test_one_client_that_has_nearly_all_bad_requests_is_the_cause() -> None:
    """A field that says what came out, or where, is no client however well it fits."""
    case = replace(
        s.system(slow="stock"),
        differences=(
            Difference("tenant", "acme", 0.97, 0.04, 388, 40, key="diff/tenant"),
            Difference("http.status_code", "500", 1.0, 0.0, 400, 0, key="diff/status"),
        ),
    )
    found = diagnose(case)
    best = found.hypotheses[0]
    assert (best.kind, best.difference) == (CauseKind.CLIENT, ("tenant", "acme"))
    assert all(one.difference != ("http.status_code", "500") for one in found.hypotheses)
    assert found.blast_radius.share == pytest.approx(0.97)


def test_a_surge_at_the_entry_is_the_cause_of_what_it_overloads() -> None:
    """All of the way down gets more requests; it is blamed on where they come in."""
    case = s.system(slow="stock")
    for node in ("web", "cart", "stock", "stock-db"):
        case = s.moved(case, node, Signal.TRAFFIC, 4.0)
    assert first(diagnose(case))[:2] == (CauseKind.TRAFFIC, "web")


def test_a_resource_that_runs_out_is_the_cause_unless_traffic_explains_it() -> None:
    """More of a processor is used while as many requests come."""
    case = s.moved(s.system(slow="stock"), "stock", Signal.RESOURCE, 2.4)
    assert first(diagnose(case))[:2] == (CauseKind.RESOURCE, "stock")


def test_a_statement_that_takes_the_time_is_the_cause() -> None:
    """The statement explains what requests take longer; another of the same database does not."""
    groups = (
        SpanGroup("stock", "db", "SELECT * FROM items WHERE owner = ?", 20.0, 520.0, 1, 1, "stock-db", key="slow"),
        SpanGroup("stock", "db", "SELECT 1", 1.0, 1.1, 1, 1, "stock-db", key="fine"),
    )
    found = diagnose(replace(s.system(slow="stock"), span_groups=groups))
    assert first(found)[:2] == (CauseKind.SLOW_QUERY, "stock")
    assert "items" in found.hypotheses[0].title
    assert "slow" in {one.key for one in found.hypotheses[0].evidence}


def test_calls_that_fail_name_what_is_called() -> None:
    """What is called tells nothing of itself: the calls to it do."""
    groups = (SpanGroup("stock", "http.client", "POST /charge", 5.0, 6.0, 1, 1, "bank", failed_after=0.6, key="g"),)
    found = diagnose(replace(s.system(slow="stock", by=0.3, signal=Signal.ERRORS), span_groups=groups))
    assert first(found)[:2] == (CauseKind.DEPENDENCY, "bank")


def test_what_callers_see_of_a_silent_callee_is_its_evidence() -> None:
    """A service beyond the system is blamed by the client's side of the calls to it."""
    case = s.system(slow="stock")
    values = 0.05 + 0.002 * np.random.default_rng(3).standard_normal(s.POINTS)
    values[s.ONSET : s.ONSET + 20] += 0.5
    seen = Series("stock", Signal.LATENCY, values, "p95", "s", "stock to bank", peer="bank")
    edges = (*case.edges, replace(case.edges[0], caller="stock", callee="bank"))
    found = diagnose(replace(case, series=(*case.series, seen), edges=edges))
    assert first(found)[:2] == (CauseKind.DEPENDENCY, "bank")
    assert found.hypotheses[0].evidence[0].key == "stock to bank"


def test_without_series_counts_of_errors_are_tested() -> None:
    """An error never met before is a cause to look for, one as frequent as before is not."""

    def case(before: int, after: int) -> Case:
        pattern = Pattern(PatternKind.ERROR, "SHOP-1", "TypeError", "cart", before, after, key="issue/SHOP-1")
        release = change("r", ChangeKind.RELEASE, "cart", 3_590.0)
        return Case(
            Symptom("cart", Signal.ERRORS), Range(3_600.0, 7_200.0), Range(0.0, 3_600.0), patterns=(pattern,),
            changes=(release,),
        )  # fmt: skip

    assert first(diagnose(case(0, 40))) == (CauseKind.RELEASE, "cart", "r")
    assert diagnose(case(40, 44)).verdict is Verdict.NOTHING


def test_a_symptom_nowhere_in_particular_is_searched_for_everywhere() -> None:
    """Without a node, every series of every node is tested, and the deepest that is off is blamed."""
    case = replace(s.system(slow="stock"), symptom=Symptom("", Signal.LATENCY))
    assert first(diagnose(case))[1] == "stock"


def test_confidences_are_shares_of_one_and_fall() -> None:
    """They add up to at most one: that it is none of them is possible."""
    found = diagnose(s.system(slow="stock"))
    shares = [one.confidence for one in found.hypotheses]
    assert shares == sorted(shares, reverse=True)
    assert 0.0 < sum(shares) <= 1.0 + 1e-6


def test_a_diagnosis_is_json() -> None:
    """Members are named as the attributes are; what is missing is null."""
    told: dict[str, Any] = json.loads(json.dumps(diagnose(s.system(slow="stock")).as_json(), allow_nan=False))
    assert told["verdict"] == "cause"
    assert told["hypotheses"][0]["node"] == "stock"
    assert told["hypotheses"][0]["change"] is None


def test_a_commit_does_nothing_before_it_is_out() -> None:
    """Where the deploy that brought it is told, that stands for it: after the onset neither is to blame."""
    onset = s.moment(s.ONSET)
    changes = (
        change("commit", ChangeKind.COMMIT, "stock", onset - 120.0, release="stock@2"),
        change("deploy", ChangeKind.DEPLOY, "stock", onset + 900.0, release="stock@2"),
    )
    found = diagnose(replace(s.system(slow="stock"), changes=changes))
    assert all(one.change is None for one in found.hypotheses)
    assert {one.key for one in found.ruled_out} >= {"change/commit", "change/deploy"}


def test_a_change_to_a_caller_that_asks_no_more_than_before_does_not_explain_its_callee() -> None:
    """The callee itself is blamed; the change to its caller is when it asks three times as often."""
    caller = change("caller", ChangeKind.CONFIG, "cart", s.moment(s.ONSET) - 30.0)
    case = replace(s.system(slow="stock"), changes=(caller,))
    assert first(diagnose(case)) == (CauseKind.SERVICE, "stock", None)
    more = diagnose(s.moved(case, "stock", Signal.TRAFFIC, 1.35))
    assert "caller" in {one.change for one in more.hypotheses[:2]}


def test_few_requests_a_bucket_are_joined_until_they_tell_something() -> None:
    """Three requests in each half minute: a third of them fail, which no single bucket shows."""
    dice = np.random.default_rng(9)
    points, first_bad = 480, 400
    asked = dice.poisson(3.0, points).astype(np.float64)
    shares = np.where(np.arange(points) >= first_bad, 0.34, 0.004)
    failed = dice.binomial(asked.astype(np.int64), shares)
    errors = np.where(asked > 0, failed / np.maximum(asked, 1.0), np.nan)
    case = Case(
        Symptom("web", Signal.ERRORS),
        Range(s.moment(392), s.moment(points)),
        Range(s.moment(0), s.moment(392)),
        Grid(s.START, s.STEP, points),
        (Series("web", Signal.ERRORS, errors, "", "share"), Series("web", Signal.TRAFFIC, asked)),
    )
    found = diagnose(case)
    assert first(found)[1] == "web"
    assert found.onset is not None
    assert abs(found.onset.at - s.moment(first_bad)) <= 12 * s.STEP
