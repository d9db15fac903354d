"""Secrets that only their place tells: found where random, and nothing else is touched in the same places."""

from __future__ import annotations

import json
import string
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.snapshot import ProjectConfig
from ingest.scrub import Scrubber
from ingest.scrub.places import PLACE_RULES, is_random
from ingest.scrub.substitution import compiled

SCRUBBER = Scrubber(ProjectConfig(1, "shop"))
SECRET = "Zk3pQ9xLm2Rt7VbNc4Ws"
PHRASE = "legal winner thank year wave sausage worth useful garden velvet copper yellow"


def scrubbed(value: object) -> object:
    """What is kept of a message."""
    return json.loads(SCRUBBER.payload(json.dumps({"m": value}).encode()).text)["m"]


@pytest.mark.parametrize(
    "text",
    [
        "https://shop.example/cb?code={}&scope=email",
        "https://shop.example/cb?state=af0&code=Short12x",
        "code=Short12x&state=af0",
        "next=https%3A%2F%2Fshop.example%2Fcb%3Fcode%3D{}",
        "git clone https://{}@git.example/shop.git",
        "https://shop.example/reset/MTI/{}",
        "POST /invite/{} 500",
        "/magic-link/{}?next=/",
        "mysql -u root -p{} shop",
        "mysqldump --single-transaction -h db -p'{}' shop | gzip",
        "sshpass -p {} ssh root@db",
        "redis-cli -h cache -a {} ping",
        "docker login -u ci -p {} registry.example",
        "ldapsearch -x -D cn=admin -w {}",
        "sqlcmd -S db -U sa -P {}",
        "openssl rsa -in key.pem -passin pass:{}",
        "smbclient //host/share -U bob%{}",
        'body > form#login > input[name="q"][value="{} and more"]',
        "textarea.note[value='{}']",
        '<input type="password" name="p" value="{}">',
        "<input value={} type=password>",
        f"import of the wallet failed: {PHRASE}",
        PHRASE,
    ],
)
def test_a_secret_in_its_place_goes(text: str) -> None:
    """The rest of the text stays, for people to read."""
    found = str(scrubbed(text.format(SECRET)))
    assert "[Filtered]" in found
    assert not {SECRET, "Short12x", "velvet"} & set(found.replace("=", " ").replace("&", " ").split())
    assert SECRET not in found
    assert found.startswith(text.partition("{")[0][:8]) or text in {PHRASE, "code=Short12x&state=af0"}


@pytest.mark.parametrize("value", [["mysql", "-uroot", f"-p{SECRET}", "shop"], f"['redis-cli', '-a', '{SECRET}']"])
def test_arguments_in_a_list_are_a_command_line(value: object) -> None:
    """As programs keep them, and as Python prints them."""
    assert SECRET not in json.dumps(scrubbed(value))
    assert "[Filtered]" in json.dumps(scrubbed(value))


@pytest.mark.parametrize(
    "text",
    [
        "https://shop.example/cb?code=ERR_HTTP_404_NOT_FOUND",
        "https://shop.example/?code=SUMMER2026SALE&utm=x",
        "?country_code=DE&code=404",
        "https://0123456789abcdef0123456789abcdef@o1.ingest.sentry.io/42",
        "ssh://deployment-service-account2@git.example/shop",
        "https://ann.lee@shop.example/",
        "/verify/550e8400-e29b-41d4-a716-446655440000",
        "/token/AuthInterceptor2FactoryProvider",
        "/static/confirm/index4f3a9c2b7d8e1f0a6b5c.js",
        "/login/2026-11-21-ten-things-about-passwords",
        "mysql -p shop",
        "mysql -h db -P3306 shop",
        "mysql -u root shop | pv -pte",
        "docker run -p 8080:80 shop; docker login",
        "['docker', 'run', '-p', '8080:80']",
        "zip -r out.zip src",
        "openssl version",
        'input[type="radio"][value="yes"]',
        'input[value="yes"][type="checkbox"]',
        'option[value="3"]',
        '<input type="text" value="blue">',
        "quick brown fox jumps over the lazy dog and then runs away",
        "the user has paid for the order and the order was sent before noon",
        "apple banana cherry grape lemon mango olive peach plum quince raisin",
    ],
)
def test_what_stands_there_otherwise_stays_to_the_byte(text: str) -> None:
    """Codes of errors and sales, public keys, names, ports, choices, sentences."""
    sent = json.dumps({"m": text}).encode()
    assert SCRUBBER.payload(sent).text is sent


_LETTERS = string.ascii_letters + string.digits


@given(st.text(_LETTERS, min_size=32, max_size=64), st.sampled_from(["reset", "invite", "token", "magic_link"]))
def test_random_letters_never_survive_behind_such_a_word(token: str, word: str) -> None:
    """Of letters that change as chance has them change; the few that do not are said in the documentation."""
    kinds = ["d" if c.isdigit() else "u" if c.isupper() else "l" for c in token]
    mixed = {"u", "l"} <= {*kinds}
    changes = sum(a != b for a, b in pairwise(kinds))
    assert is_random(token.encode()) == ("d" in kinds and changes >= max(4, 0.3 * len(token) * mixed))
    if is_random(token.encode()):
        assert scrubbed(f"GET https://shop.example/{word}/{token}") == f"GET https://shop.example/{word}/[Filtered]"


_WORD = st.text(string.ascii_lowercase, min_size=1, max_size=12)


@given(st.lists(_WORD, min_size=2, max_size=6), st.integers(0, 99), st.sampled_from(["-", "_", ""]))
def test_names_of_words_are_never_taken_for_random(words: list[str], number: int, joint: str) -> None:
    """Slugs, names with underscores and in camel case, with a number at their end."""
    parts = words if joint else [word.capitalize() for word in words if len(word) > 4]
    name = f"{joint.join(parts)}{joint}{number}"
    assert not is_random(name.encode())
    text = json.dumps({"m": f"https://{name}@host.example/token/{name}?code={name}"}).encode()
    assert SCRUBBER.payload(text).text is text


_PIECES = st.sampled_from(
    ["mysql ", "-p", "code=", "?", "&state=", "https://", "@h", "/reset/", "input", "[value=", "'", '"', "]", "<input ",
     "type=password ", "value=", ">", SECRET, PHRASE, " ", "\\", "\n", "openssl ", "-passin pass:", "é"]
)  # fmt: skip


@given(st.lists(_PIECES, max_size=14).map("".join))
def test_the_screens_let_nothing_pass_and_json_stays_json(text: str) -> None:
    """Where a rule finds something its screen does too; scrubbed once more nothing changes."""
    sent = json.dumps({"m": text}).encode()
    for name, rule in PLACE_RULES.items():
        if any(rule.splices(sent, lambda _: 2)):
            assert compiled(rule.screen).search(sent), name
    once = SCRUBBER.payload(sent).text
    assert set(json.loads(once)) == {"m"}
    assert SCRUBBER.payload(once).text == once
