"""CODEOWNERS of both hosts, ownership rules, and who their owners are."""

from __future__ import annotations

from contextlib import suppress
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.commits import OwnershipRow
from server.ownership.codeowners import parse_codeowners
from server.ownership.matching import Directory, first_assignee, read_ownership
from server.ownership.problems import OwnershipInvalid
from server.ownership.rules import Facts, parse_rules

GITHUB = r"""
# owners of everything
*       @global-owner1 @global-owner2
*.js    @js-owner #inline
/build/logs/ @doctocat
docs/*  docs@example.com
apps/   @octocat
/scripts/ @doctocat @octocat
**/logs @logs
/apps/github
with\ blank/*.md @writers/docs
"""
GITLAB = r"""
* @everybody
[Documentation] @docs
docs/
README.md
!docs/generated/
/docs/legal.md @legal
^[Database][2] @dba
*.sql
/model/ @modellers
[documentation]
*.rst
path\#hash @odd
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("x/main.c", ["@global-owner1", "@global-owner2"]),
        ("x/a.js", ["@js-owner"]),
        ("build/logs/today/x.txt", ["@logs"]),
        ("docs/index.md", ["docs@example.com"]),
        ("docs/build/index.md", ["@global-owner1", "@global-owner2"]),
        ("src/docs/index.md", ["@global-owner1", "@global-owner2"]),
        ("src/apps/a/b.c", ["@octocat"]),
        ("apps/github", []),
        ("apps/github/x.c", []),
        ("scripts/run.sh", ["@doctocat", "@octocat"]),
        ("deep/scripts/run.sh", ["@global-owner1", "@global-owner2"]),
        ("with blank/a.md", ["@writers/docs"]),
        ("main[1].js", ["@js-owner"]),
    ],
)
def test_codeowners_of_github(path, owners):
    """As in GitHub's own example: the last line that matches counts, also when it names nobody."""
    assert parse_codeowners(GITHUB).owners(path) == owners
    marked = "\ufeff" + GITHUB.lstrip().replace("\n", "\r\n")
    assert parse_codeowners(marked).owners(path) == owners, "as an editor on Windows writes it"


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("main.c", ["@everybody"]),
        ("a/docs/x.txt", ["@everybody", "@docs"]),
        ("docs/generated/x.txt", ["@everybody"]),
        ("docs/legal.md", ["@everybody", "@legal"]),
        ("deep/docs/legal.md", ["@everybody", "@docs"]),
        ("a/README.md", ["@everybody", "@docs"]),
        ("model/x.sql", ["@everybody", "@modellers"]),
        ("x.sql", ["@everybody", "@dba"]),
        ("path#hash", ["@everybody", "@odd"]),
        ("docs", ["@everybody"]),
    ],
)
def test_codeowners_of_gitlab(path, owners):
    """Sections add up, have owners of their own by default and join by name; `!` takes out of one section."""
    assert parse_codeowners(GITLAB, "gitlab").owners(path) == owners


@pytest.mark.parametrize(
    ("text", "syntax", "said"),
    [
        ("a @x\n!b @y", "github", "line 2: GitHub knows no negation"),
        ("[Docs] @x", "github", "line 1: GitHub knows no sections"),
        ("a b c", "gitlab", "line 1: 'b' is no owner"),
        ("*.py payments", "github", "'payments' is no owner"),
    ],
)
def test_lines_that_cannot_be_read_are_named(text, syntax, said):
    """Each with its number, and what to do."""
    with pytest.raises(OwnershipInvalid) as refused:
        parse_codeowners(text, syntax)
    assert said in refused.value.message
    assert refused.value.problems


FACTS = Facts(
    (("shop/pay/card.py", "/srv/app/shop/pay/card.py", "src/shop/pay/card.py"), ("shop/view.py",)),
    ("shop.pay.card",),
    "https://shop.example/checkout/3",
    {"region": "eu-west", "user agent": "x"},
)


@pytest.mark.parametrize(
    ("rule", "matched"),
    [
        ("path:src/shop/pay/* #pay", "src/shop/pay/card.py"),
        ("path:*/VIEW.py #pay", "shop/view.py"),
        ("path:srv/app/* #pay", "srv/app/shop/pay/card.py"),
        (r"path:shop\pay\* #pay", "shop/pay/card.py"),
        ("path:card.py #pay", None),
        ("module:shop.pay.* #pay", "shop.pay.card"),
        ("url:*/checkout/* #pay", "https://shop.example/checkout/3"),
        ("url:http://* #pay", None),
        ("tags.region:eu* #pay", "eu-west"),
        ("tags.region:us* #pay", None),
        ("tags.none:* #pay", None),
        ('path:"*/card.py" ada@example.org #pay', "shop/pay/card.py"),
    ],
)
def test_rules_match_as_they_do_at_sentry(rule, matched):
    """Globs whose star crosses slashes, without regard to capitals, over all frames of the own code."""
    (read,) = parse_rules(f"# comment\n\n{rule}\n")
    assert read.match(FACTS) == matched


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("path:x", "names no owner"),
        ("paths:x #a", "'paths' is no type of rule"),
        ("tags.:x #a", "this is no rule"),
        ("just words", "this is no rule"),
        ("path:x payments", "'payments' is no owner"),
        ("path:x #a\nurl:y", "line 2: the rule names no owner"),
    ],
)
def test_rules_that_cannot_be_read_are_named(text, said):
    """Each with its number, and what to do."""
    with pytest.raises(OwnershipInvalid) as refused:
        parse_rules(text)
    assert said in refused.value.message


@given(st.text(max_size=200), st.sampled_from(["github", "gitlab"]))
def test_any_text_is_read_or_refused(text, syntax):
    """Nothing else happens to it, no other error either, and what was read can be asked."""
    for read in (parse_rules, lambda given_: parse_codeowners(given_, syntax).owners("a/b.py")):
        with suppress(OwnershipInvalid):
            read(text)


@given(st.lists(st.sampled_from(["a", "b", "*", "**", "a*"]), min_size=1, max_size=5), st.booleans())
def test_a_pattern_without_wildcards_matches_itself(parts, anchored):
    """Whatever stands before it: the same path, and what is below it."""
    path = "/".join(part.replace("*", "x") for part in parts)
    owners = parse_codeowners(f"{'/' if anchored else ''}{'/'.join(parts)} @a")
    assert owners.owners(path) == ["@a"]


def test_rules_go_before_codeowners_and_later_before_earlier():
    """The first that is somebody here counts; of CODEOWNERS the innermost frame that has owners."""
    row = OwnershipRow(
        1,
        rules="path:* #web\nmodule:shop.* nobody@example.org ada@example.org",
        codeowners="/src/shop/pay/ @acme/payments\n/shop/view.py @bob",
        mapping={"@bob": "user:bob@example.org"},
    )
    directory = Directory({"ada@example.org", "bob@example.org"}, {"web", "payments"})
    owned = read_ownership(row).owned(FACTS, directory)
    assert [(one.source, one.line, [who for _, who in one.owners]) for one in owned] == [
        ("rules", 2, ["", "user:ada@example.org"]),
        ("rules", 1, ["team:web"]),
        ("codeowners", 1, ["team:payments"]),
    ]
    assert first_assignee(owned)[0] == "user:ada@example.org"
    assert first_assignee([]) == ("", None)
    outer = Facts((("lib/x.py",), ("shop/view.py",)))
    (only,) = read_ownership(OwnershipRow(1, codeowners=row.codeowners, mapping=row.mapping)).owned(outer, directory)
    assert (only.matched, only.owners) == ("shop/view.py", (("@bob", "user:bob@example.org"),))


def test_an_owner_is_no_longer_than_an_address():
    for parse in (parse_codeowners, parse_rules):
        with pytest.raises(OwnershipInvalid, match="no owner"):
            parse("path:x a@" + "." * 50_000 + "@")


@given(
    st.text("ab*?[", min_size=1, max_size=8).filter(lambda text: "**" not in text),
    st.text("ab[", min_size=1, max_size=8),
)
def test_names_fit_patterns_as_in_a_shell_without_ranges(pattern, name):
    found = parse_codeowners(f"/{pattern} @x", "gitlab").match(name) if not pattern.startswith("[") else None
    assert found is None or bool(found) == fnmatchcase(name, pattern.replace("[", "[[]"))


def test_a_file_of_many_patterns_is_held_against_many_paths():
    lines = [f"/src/d{number}/*.py @o/t{number}" for number in range(20_000)]
    owners = parse_codeowners("\n".join(lines))
    assert [owners.owners(f"src/d{number}/x.py") for number in range(3)] == [[f"@o/t{number}"] for number in range(3)]
