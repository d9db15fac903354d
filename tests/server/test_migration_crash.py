"""A project moves to a newer version of grouping while events flow, and the process is killed again and again."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from tests.server.migrating import Life, cause_of

ROOT = Path(__file__).parents[2]
EVENTS = 48


def lived(life: Life) -> tuple[list[int], dict | None]:
    """Return which events were acknowledged, and what the installation held at the end unless it was killed."""
    command = [sys.executable, "-W", "error", "-m", "tests.server.migrating", msgspec.json.encode(life).decode()]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == (0 if life.kill is None else -signal.SIGKILL), (life, done.stderr)
    lines = done.stdout.splitlines()
    found = msgspec.json.decode(lines.pop()) if life.kill is None else None
    return [int(line.split()[1]) for line in lines if line.startswith("sent ")], found


@pytest.mark.parametrize("seed", [5])
def test_issues_go_on_when_grouping_changes_while_processes_are_killed(tmp_path: Path, seed: int) -> None:
    """Every acknowledged event is there once, in the issue its old fingerprint had, and all counts agree.

    The first kill is anywhere in the work of the old version. The second is at the worst moment: the first rows of the
    new version are stored and their issues are not. Two causes were one issue at the switch, and are parted at the end:
    what has come under the new version goes with what came under the old one.
    """
    dice = random.Random(seed)
    lives = [
        Life(str(tmp_path), kill=(dice.choice(("ready", "pin", "commit")), dice.randint(4, 6), dice.random() < 0.5)),
        Life(str(tmp_path), upgrade=True, merge=("a", "c"), kill=("issues", 1, False)),
        Life(str(tmp_path), undo=True),
    ]
    sent: list[int] = [0]
    for life in lives:
        # The client has not heard of the last one, and sends it again.
        acknowledged, found = lived(msgspec.structs.replace(life, events=tuple(range(sent[-1], EVENTS))))
        sent += acknowledged
    assert found is not None
    assert Counter(number for number, *_ in found["events"]) == Counter(range(EVENTS))
    versions = {cause: {v for n, v, _ in found["events"] if cause_of(n) == cause} for cause in "abcde"}
    assert versions == {cause: {"v1", "v2"} if cause in "abc" else {"v2"} for cause in "abcde"}
    homes = {cause: {i for n, _, i in found["events"] if cause_of(n) == cause} for cause in "abcde"}
    assert {cause: len(ids) for cause, ids in homes.items()} == dict.fromkeys("abcde", 1), homes
    assert len(set.union(*homes.values())) == 5
    assert dict(found["rolled"]) == dict(Counter(issue for *_, issue in found["events"]))
    assert set(found["standing"]) == set.union(*homes.values()) == {issue for issue, _ in found["first_seen"]}
    assert (found["kinds"]["merge"] > 0, found["kinds"]["migrate"] > 0, found["intact"]) == (True, True, True)
