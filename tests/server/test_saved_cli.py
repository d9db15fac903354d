"""`amber saved`: save, list, show, run, restore, delete, and import from Sentry."""

from __future__ import annotations

import json
import subprocess
import sys
from urllib.parse import urlencode

import pytest

from tests.server.processes import amber, child_environment
from tests.server.test_manage import Place

URL = "https://acme.sentry.io/organizations/acme/discover/results/?" + urlencode(
    {"field": ["title", "count()"], "sort": "-count", "statsPeriod": "7d", "dataset": "errors", "name": "Worst titles"},
    doseq=True,
)
TEXT = "from errors last 7d | summarize count=count() by title | sort count desc"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """An initialised directory without a server."""
    made = Place(tmp_path_factory.mktemp("saved") / "data")
    yield made
    made.metadata.close()


def test_a_saved_query_is_changed_by_saving_it_again_and_restored(place):
    """The name is the key; every save is a version."""
    first = place.json("saved", "save", "newest", "from errors | limit 1")
    second = place.json("saved", "save", "NEWEST", "from errors | limit 2", "--description", "two")
    assert (first["version"], second["version"], first["id"]) == (1, 2, second["id"])
    assert place.run("saved", "show", "newest") == "from errors | limit 2\n"
    assert place.run("saved", "show", "newest", "--version", "1") == "from errors | limit 1\n"
    assert [one["version"] for one in place.json("saved", "show", "newest", "--versions")] == [2, 1]
    assert "Version 3 says what version 1 said." in place.run("saved", "restore", "newest", "1")
    assert place.json("saved", "show", str(first["id"]))["text"] == "from errors | limit 1"
    assert [one["name"] for one in place.json("saved", "list", "EWE")] == ["newest"]
    assert "newest is gone" in place.run("saved", "delete", "newest")
    assert "There is no saved query called 'newest'" in place.run("saved", "show", "newest", status=2)


def test_a_query_is_shared_with_a_team_by_its_short_name(place):
    """Saving it so again makes a version; without the option it is another, of one's own."""
    place.metadata.create_team("web", "Web")
    first = place.json("saved", "save", "ours", "from errors | limit 1", "--team", "web")
    second = place.json("saved", "save", "ours", "from errors | limit 2", "--team", "web")
    assert (first["sharing"], second["sharing"], second["version"]) == ("team:web", "team:web", 2)
    own = place.json("saved", "save", "ours", "from errors | limit 3")
    assert (own["id"] != first["id"], own["sharing"]) == (True, "private")
    assert "no team called 'app'" in place.run("saved", "save", "x", "from errors", "--team", "app", status=2)
    assert "one of them" in place.run("saved", "save", "x", "from errors", "--team", "web", "--share", status=2)


def test_a_text_that_cannot_be_read_is_not_saved(place):
    """Nor one whose parameters are not declared, nor a declaration of no type."""
    assert "sumarize" in place.run("saved", "save", "x", "from errors | sumarize n=count()", status=2)
    assert "$level" in place.run("saved", "save", "x", "from errors | where level = $level", status=2)
    assert "NAME:TYPE" in place.run("saved", "save", "x", "from errors", "--declare", "a:colour", status=2)
    assert place.json("saved", "list", "x") == []


def test_a_saved_query_runs_with_its_parameters_and_filters(place):
    """In the process, without a server; a value of another type is refused before anything is opened."""
    place.run("saved", "save", "errors only", "level:error", "--filter", "--share")
    text = 'from errors saved:"errors only" | where now() - timestamp < $ago and level = $level | summarize n=count()'
    place.run("saved", "save", "counted", text, "--declare", "ago:duration=5m", "--declare", "level:string")
    assert "needs a value" in place.run("saved", "run", "counted", status=2)
    assert "takes a duration" in place.run(
        "saved", "run", "counted", "--param", "level=error", "--param", "ago=soon", status=2
    )
    ran = amber("saved", "run", "counted", "--param", "level=error", "--format", "json", "--data", str(place.data))
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["rows"] == [[0]]


def test_a_url_of_sentry_is_imported_under_its_name(place):
    """Printed first, then saved; the list its API gives as a file."""
    assert place.json("saved", "import", URL, "--print") == [{"name": "Worst titles", "text": TEXT, "warnings": ""}]
    assert place.json("saved", "list", "Worst") == []
    place.run("saved", "import", URL)
    assert place.json("saved", "show", "worst titles")["text"] == TEXT
    place.run("saved", "import", URL, "--name", "Other", "--share")
    assert place.json("saved", "show", "Other")["sharing"] == "organisation"


def test_what_the_api_of_sentry_answers_is_imported_whole(place, tmp_path):
    """With a warning beside each that lost something."""
    documents = [
        {
            "name": "One",
            "fields": ["title", "count()"],
            "orderby": "-count",
            "range": "7d",
            "queryDataset": "error-events",
        },
        {"name": "Two", "fields": ["title", "frobnicate()"], "queryDataset": "error-events"},
    ]
    file = tmp_path / "saved.json"
    file.write_text(json.dumps(documents), encoding="utf-8")
    found = place.json("saved", "import", str(file))
    assert [one["name"] for one in found] == ["One", "Two"]
    assert found[0]["text"] == TEXT
    assert "frobnicate" in found[1]["warnings"]
    assert {one["name"] for one in place.json("saved", "list")} >= {"One", "Two"}


@pytest.mark.parametrize("source", ["no-such-file", "https://example.org/x"])
def test_what_is_neither_a_url_of_sentry_nor_a_file_is_refused(place, source):
    """By name."""
    assert "neither a URL" in place.run("saved", "import", source, status=2)


def test_a_program_that_opens_the_directory_runs_saved_queries_too(place):
    """By the same name and with the same checks; in a process of its own, as the engine opens one directory in one."""
    place.run("saved", "save", "since", "from errors | where now() - timestamp < $ago | summarize n=count()",
              "--declare", "ago:duration")  # fmt: skip
    program = (
        "import amber, sys, datetime as dt\n"
        "with amber.open(sys.argv[1], progress=False) as client:\n"
        "    print(client.saved('SINCE', params={'ago': dt.timedelta(hours=1)}).rows())\n"
        "    try:\n        client.saved('no such')\n    except amber.AmberError as error:\n        print(error.code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(place.data)],
        capture_output=True, text=True, env=child_environment(), timeout=240, check=False,
    )  # fmt: skip
    assert done.stdout.split("\n")[:2] == ["[(0,)]", "saved-query-unknown"], done.stderr
