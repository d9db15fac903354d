"""Secrets in SQL, command lines, XML, forms and sentences go; what only looks like them stays."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.jsontext import decode_json
from ingest.scrub.grammars import NAME_RULES
from ingest.scrub.names import strength
from ingest.scrub.scrubber import scrubber_for
from ingest.scrub.substitution import compiled, spliced
from tests.ingest.helpers import snapshot

S = "Correct-Horse-7xQ"
TEXTS = (
    f"CREATE USER bob IDENTIFIED BY '{S}'",
    f'ALTER ROLE bob WITH PASSWORD "{S}"',
    f"SET PASSWORD FOR bob =\n'{S}'",
    f"INSERT INTO users (name, password) VALUES ('it''s bob', '{S}')",
    f"INSERT INTO \"users\" (\"api_token\", \"n\")\n VALUES ('{S}', now()), ('{S}', lower('x'))",
    f"UPDATE users SET api_token='{S}' WHERE id=1",
    f"AUTH {S}",
    f"AUTH default {S}",
    f"CONFIG SET requirepass {S}",
    f"curl -s -u bob:{S} https://shop.example/",
    f"mysql --password {S} -h db",
    f'<user><ns:password type="text">{S}</ns:password></user>',
    f'--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n{S}\r\n--b--',
    f"login failed for bob with password {S}",
    f"Das Passwort ist {S}.",
    f'mutation {{ login(user: "a", password: "{S}") {{ id }} }}',
    f"map[Authorization:[{S}] Accept:[*/*]]",
    f'#<User id: 1, password_digest: "{S}">',
    f"#{{:password=>'{S}'}} Server=db;User Id=sa;Password={S};",
)
VALUES: tuple[Any, ...] = (
    {"sys.argv": ["run", "--token", S, "--verbose"]},
    {"Pass Word": S, "PASS-WORD": S, "kennwort": S, "mot_de_passe": S, "contraseña": S, "seedPhrase": S},
    {"http.request.header.authorization": [f"Bearer {S}"], "http.query": f"?password={S}"},
    [{"key": "db", "value": {"kvlistValue": {"values": [{"key": "password", "value": {"stringValue": S}}]}}}],
    {"body": json.dumps({"inner": json.dumps({"password": S})})},
)
PLAIN = (
    "AUTH failed for bob after 3 tries of user42x",
    "Your password is incorrect, please reset it",
    "password reset for user",
    "SELECT password FROM users WHERE id = 'user-42'",
    "INSERT INTO orders (name, tokens_left) VALUES ('bob7', 'blue42x')",
    "run --token-count 42000 --verbose",
    "<title>Password</title><p>Enter your password below</p>",
    'form-data; name="comment"\r\n\r\nblue42x\r\n',
    "curl -u https://shop.example/",
)


def scrubbed(value: Any, dataset: str = "errors") -> str:
    document = decode_json(json.dumps(value).encode())
    return scrubber_for(snapshot().projects[1]).document(document, dataset).text.decode()


@pytest.mark.parametrize("text", TEXTS)
def test_a_secret_in_any_grammar_goes(text: str) -> None:
    """As a message, a span's description, a log's body: the words around it stay, and the text stays JSON."""
    for value in ({"message": text}, {"spans": [{"description": text}]}, [text]):
        found = scrubbed(value)
        assert S not in found
        assert "[Filtered]" in found
        json.loads(found)


@pytest.mark.parametrize("value", VALUES)
def test_a_secret_in_any_shape_of_data_goes(value: Any) -> None:
    assert S not in scrubbed({"extra": value}, "spans")


@pytest.mark.parametrize(
    "value",
    [
        {"logentry": {"message": "password %s", "formatted": f"password {S}", "params": [S, 7]}},
        {
            "breadcrumbs": [{"message": f"UPDATE users SET password = '{S}'", "data": {"db.params": [S]}}],
            "extra": {"a": S},
        },
        {
            "items": [
                {"body": f"token={S}", "attributes": {"sentry.message.parameter.0": {"value": S, "type": "string"}}}
            ]
        },
        {"message": f"api_key={S}", "extra": {"url": f"https://shop.example/{S}/cart"}},
    ],
)
def test_a_secret_told_in_one_place_goes_from_all(value: Any) -> None:
    """The parameters of a message and the bindings of a query have no names of their own."""
    assert S not in scrubbed(value)


def test_an_ordinary_word_is_no_echo() -> None:
    """A password that is a word, a number or a date must not take such words away elsewhere."""
    for word in ("administrator", "12345678", "2026-11-21T10:00:00", "abc12"):
        found = json.loads(scrubbed({"message": f"password={word}", "extra": {"who": word, "text": f"by {word} now"}}))
        assert found["extra"] == {"who": word, "text": f"by {word} now"}


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_no_secret_stays(text: str) -> None:
    """Sentences about passwords, columns and options with names that only hold such a word."""
    assert json.loads(scrubbed({"message": text})) == {"message": text}


_TEXT = """INSERT INTO t ( name , password ) VALUES 'a' "b1" IDENTIFIED BY AUTH requirepass --token -u curl a:b1
<password> </ > name=" with is passwort abc123 ' " \\ { } [ ] :"""
_PIECES = tuple(_TEXT.split())


@given(st.lists(st.sampled_from([*_PIECES, "\n", "\r\n\r\n"]), max_size=16))
@settings(max_examples=300, deadline=None)
def test_the_screens_let_nothing_pass_and_texts_stay_whole(pieces: list[str]) -> None:
    """Whatever a rule finds its screen finds, and what is left is JSON that loses nothing more when scrubbed again."""
    text = " ".join(pieces)
    for encoded in (json.dumps(text).encode(), json.dumps({"a": [text, text]}).encode()):
        for name, rule in NAME_RULES.items():
            if spliced(encoded, sorted(rule.splices(encoded, strength))) != encoded:
                assert compiled(rule.screen).search(encoded), name
    json.loads(scrubbed({"message": text}))
