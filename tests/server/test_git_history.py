"""Reading git: who wrote a line, who changed a file, what lies between two commits; what others tell of commits."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from engine.artifacts import ReleaseRow
from engine.commits import FileChange
from engine.errors import NotFound, UserError
from server.commits.evaluation import suspect_commit
from server.commits.git import GitHistory
from server.commits.ranges import before, named_by
from server.commits.scripted import scripted
from server.commits.told import Ref, commits_of, github_push, gitlab_push, refs_of
from tests.server.repositories import ScriptedRepository

START = datetime(2026, 1, 1, tzinfo=UTC)


def hours(number: int) -> datetime:
    return START + timedelta(hours=number)


@pytest.fixture
def made(tmp_path) -> ScriptedRepository:
    return ScriptedRepository(tmp_path / "shop.git")


@pytest.fixture
def history(made) -> GitHistory:
    found = GitHistory(made.path)
    yield found
    found.close()


@pytest.mark.parametrize("seed", range(3))
def test_each_line_is_blamed_on_the_commit_that_wrote_it(made, history, seed):
    """A hundred random edits, each of whose lines says in which commit it was written."""
    dice = random.Random(seed)
    lines: list[tuple[str, int]] = []
    commits: list[str] = []
    for number in range(40):
        for _ in range(dice.randint(1, 4)):
            at = dice.randint(0, len(lines))
            del lines[at : at + dice.randint(0, 2)]
            lines[at:at] = [(f"line {dice.random()} of {number}", number) for _ in range(dice.randint(0, 3))]
        text = "".join(f"{line}\n" for line, _ in lines)
        commits.append(made.commit({"a.txt": text}, hours(number)))
    expected = {place: commits[number] for place, (_, number) in enumerate(lines, 1)}
    found = history.blame("a.txt", "main", range(len(lines) + 5))
    # Where a deleted line and a new one meet, a commit that changed nothing of it may stand between: never a later one.
    assert found == expected


def test_blame_goes_through_renames_merges_and_style(made, history):
    """A moved file, a branch that was merged and a reformatting do not hide who wrote a line."""
    body = "def f(a):\n    return g(a, 1)\n"
    wrote = made.commit({"old.py": body}, hours(0))
    made.commit({"old.py": None, "new.py": body}, hours(1), "Move")
    files = dict(made.files)
    side = made.commit({"other.py": "x = 1\n"}, hours(2), branch="side")
    made.files = files
    made.commit({"new.py": body + "\n\nz = 2\n"}, hours(3))
    made.commit({"other.py": "x = 1\n"}, hours(4), "Merge", merged=side)
    styled = made.commit(
        {"new.py": body.replace("g(a, 1)", "g(\n        a, 1\n    )") + "\n\nz = 2\n"}, hours(5), "Reformat"
    )
    found = history.blame("new.py", "main", range(1, 5))
    assert found == dict.fromkeys(range(1, 5), wrote)
    assert history.blame("other.py", "main", [1]) == {1: side}
    assert history.style_only(styled, "new.py")
    assert history.touches(["new.py"], "main", 100)["new.py"][-1] == wrote
    assert history.blame("new.py", "main", [2], since=hours(2)) == {}
    assert history.blame("none.py", "main", [1]) == {}


def test_files_ranges_and_names_are_read(made, history):
    """What a commit changed, what lies between two, and which commit a release's name means."""
    first = made.commit({"a/x.py": "1\n", "b.py": "1\n"}, hours(0), "Begin")
    second = made.commit({"a/x.py": None, "b.py": "2\n", "c.py": "3\n"}, hours(1), "More\n\nwords")
    made.git.create_reference("refs/tags/v1.2.0", first)
    assert history.files(second) == {"b.py", "c.py"}
    changes = [FileChange("a/x.py", "D"), FileChange("b.py", "M"), FileChange("c.py", "A")]
    assert list(history.commit(second).files) == changes
    assert history.commit(second).at == hours(1)
    assert [history.between(base, "main", 9) for base in (None, first, second)] == [[second, first], [second], []]
    assert named_by("shop@1.2.0+77", history) == first
    assert named_by(f"build-{second[:9]}", history) == second
    assert named_by("shop@9.0.0", history) is None
    assert (history.remote(), history.contains(second, first), history.contains(first, second)) == ("", True, False)
    with pytest.raises(NotFound, match="no commit"):
        history.head("nonsense")


def test_what_is_no_repository_is_refused(tmp_path):
    """A directory inside a repository is none itself: only what is named is read."""
    made = ScriptedRepository(tmp_path / "x.git")
    made.commit({"a": "1"}, START)
    with pytest.raises(UserError, match="no git repository"):
        GitHistory(tmp_path / "x.git" / "refs")
    with pytest.raises(UserError, match="no git repository"):
        GitHistory(tmp_path / "none")


def release(number: int, version: str) -> ReleaseRow:
    return ReleaseRow(number, 1, version, hours(number), None, {})


@pytest.mark.parametrize(
    ("version", "earlier"),
    [
        ("shop@1.10.0", ["shop@1.9.0", "shop@1.9.0-rc.1", "shop@1.2.0"]),
        ("shop@1.2.0", []),
        ("nightly-b", ["other@1.5.0", "shop@1.9.0-rc.1", "nightly-a", "shop@1.2.0"]),
        (
            "nightly-z",
            ["shop@1.10.0", "shop@1.9.0", "nightly-b", "other@1.5.0", "shop@1.9.0-rc.1", "nightly-a", "shop@1.2.0"],
        ),
    ],
)
def test_the_release_before_is_found_by_version_or_by_time(version, earlier):
    """Versions of one package compare as versions; names that are none go by time; an unknown one is the newest."""
    names = ["shop@1.2.0", "nightly-a", "shop@1.9.0-rc.1", "other@1.5.0", "nightly-b", "shop@1.9.0", "shop@1.10.0"]
    rows = [release(number, name) for number, name in enumerate(names)]
    assert [row.version for row in before(rows, version)] == earlier


def test_commits_are_taken_as_sentry_cli_sends_them():
    """Shapes of `set-commits`; what has no hash is named, a file list that is absent is not an empty one."""
    told = {
        "id": "a" * 40,
        "repository": "acme/shop",
        "author_name": "Ada",
        "author_email": "ada@example.org",
        "timestamp": "2026-01-01T10:00:00+02:00",
        "message": "mend",
        "patch_set": [{"path": "a.py", "type": "A"}, {"path": "b.py", "type": "odd"}, {"type": "M"}],
    }
    found = commits_of([told, {"id": "b" * 40}], START + timedelta(days=9))
    (commit,) = found["acme/shop"]
    assert (commit.at, commit.files) == (hours(8), (FileChange("a.py", "A"), FileChange("b.py", "M")))
    assert found["unnamed"][0].files is None
    assert found["unnamed"][0].at == START + timedelta(days=9)
    with pytest.raises(UserError, match=r"commits\.0\.id"):
        commits_of([{"id": "../etc"}], START)
    refs = refs_of([{"repository": "r", "commit": "a..b"}, {"repository": "r", "commit": "c", "previousCommit": "d"}])
    assert refs == [Ref("r", "b", "a"), Ref("r", "c", "d")]
    with pytest.raises(UserError, match=r"refs\.0"):
        refs_of([{"commit": "a"}])


def test_pushes_of_both_hosts_are_read():
    """Files by what was done to them; deletions of branches and odd members tell no commit."""
    commit = {
        "id": "c" * 40,
        "message": "m",
        "author": {"name": "Ada"},
        "added": ["a"],
        "modified": ["b"],
        "removed": [None],
    }
    github = github_push({"ref": "refs/heads/main", "repository": {"full_name": "o/r"}, "commits": [commit, 3]}, START)
    assert (github.repository, github.ref, github.commits[0].files) == (
        "o/r",
        "main",
        (FileChange("a", "A"), FileChange("b")),
    )
    gitlab = gitlab_push(
        {"project": {"path_with_namespace": "g/r", "web_url": "https://x"}, "commits": [commit]}, START
    )
    assert (gitlab.repository, gitlab.url, len(gitlab.commits)) == ("g/r", "https://x", 1)
    assert gitlab_push({"after": "0" * 40, "commits": [{"id": "0" * 40}]}, START).commits == ()


def test_scripted_histories_are_the_same_for_a_seed_and_hold_their_bug(tmp_path):
    """The generator of the evaluation: equal commits for equal seeds, the bug inside of the release."""
    (tmp_path / "again").mkdir()
    one, same = scripted(tmp_path, 4), scripted(tmp_path / "again", 4)
    assert (one.base, one.head, one.bug, one.frames) == (same.base, same.head, same.bug, same.frames)
    history = GitHistory(one.path)
    assert one.bug in history.between(one.base, one.head, 1000)
    history.close()


def test_the_evaluation_leaves_out_projects_without_a_history(tmp_path):
    """A folder without errors gives no row at all."""
    assert list(suspect_commit(tmp_path)) == []
