"""Default scrubbing: what is a secret goes, what is none stays to the byte."""

from __future__ import annotations

import json
import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import StateError
from engine.snapshot import ProjectConfig
from ingest.jsontext import Document, decode_json
from ingest.scrub import FILTERED, SCRUB_REMARKS, Scrubber, scrubber_for
from ingest.scrub.grammars import NAME_RULES
from ingest.scrub.names import is_secret_name, strength
from ingest.scrub.patterns import PATTERNS
from ingest.scrub.substitution import compiled, spliced, substituted

PROJECT = ProjectConfig(id=1, slug="shop")
SCRUBBER = Scrubber(PROJECT)

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAK==\n-----END RSA PRIVATE KEY-----"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"
SECRETS = {
    "visa": "4111 1111 1111 1111",
    "mastercard": "5500-0000-0000-0004",
    "amex": "378282246310005",
    "iban": "DE89 3704 0044 0532 0130 00",
    "iban_compact": "GB82WEST12345698765432",
    "ssn": "123-45-6789",
    "jwt": JWT,
    "aws": "AKIAIOSFODNN7EXAMPLE",
    "github": "ghp_" + "a1B2" * 9,
    "github_fine": "github_pat_" + "a1B2" * 8,
    "slack": "xoxb-123456789012-abcdefABCDEF",
    "stripe": "sk_" + "live_4eC39HqLyjWDarjtT1zdp7dc",
    "google": "AIza" + "SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q",
}
"""Secrets that are known by their shape wherever they stand; none is anybody's."""


def scrub(value: Any, scrubber: Scrubber = SCRUBBER) -> Any:
    """Return a value scrubbed, by way of its JSON text."""
    return json.loads(scrubber.payload(json.dumps(value).encode()).text)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"password": "hunter2"}, {"password": FILTERED}),
        ({"a": {"X-Api-Key": "k", "n": 1}}, {"a": {"X-Api-Key": FILTERED, "n": 1}}),
        ({"p\u0061ssword": 12345, "q": True}, {"password": FILTERED, "q": True}),
        ({"cookies": {"sid": "1", "x": FILTERED}}, {"cookies": {"sid": FILTERED, "x": FILTERED}}),
        ({"secret": ["a", 1, True, None]}, {"secret": [FILTERED, FILTERED, True, None]}),
        ({"headers": [["Cookie", "a=b"], ["Accept", "x"]]}, {"headers": [["Cookie", FILTERED], ["Accept", "x"]]}),
        ([["authorization", "Bearer abc"]], [["authorization", FILTERED]]),
        ({"key": "password", "value": {"stringValue": "x"}}, {"key": "password", "value": {"stringValue": FILTERED}}),
        ({"value": "x", "key": "api_key"}, {"value": FILTERED, "key": "api_key"}),
        ({"password": {"type": "string", "value": "x"}}, {"password": {"type": "string", "value": FILTERED}}),
        ("pay 4111 1111 1111 1111 now", f"pay {FILTERED} now"),
        ("\n4111111111111111", f"\n{FILTERED}"),
        ("cards 5500000000000004,4111111111111111", f"cards {FILTERED},{FILTERED}"),
        ("order 2024 4111 1111 1111 1111", f"order 2024 {FILTERED}"),
        ({"card": 4111111111111111}, {"card": FILTERED}),
        ("é4111-1111-1111-1111", f"é{FILTERED}"),
        ("DE89 3704 0044 0532 0130 00 and", f"{FILTERED} and"),
        (f"x\n{PEM}\ny", f"x\n{FILTERED}\ny"),
        ('-----BEGIN EC PRIVATE KEY-----\nMIIEo"w', FILTERED),
        (f"got {JWT}.", f"got {FILTERED}."),
        ("Bearer abc123def456", f"Bearer {FILTERED}"),
        ("https://user:pa$$@host/p?token=abc&x=1", f"https://user:{FILTERED}@host/p?token={FILTERED}&x=1"),
        ("redis://:pw@host:6379/0", f"redis://:{FILTERED}@host:6379/0"),
        ("{'password': 'hunter two', 'a': 1}", f"{{'password': '{FILTERED}', 'a': 1}}"),
        ('{"db":{"password":"hunter2"},"a":1}', f'{{"db":{{"password":"{FILTERED}"}},"a":1}}'),
        ("password=hunter2&a=b", f"password={FILTERED}&a=b"),
        ("password=ab%20cd\\ef&a=b", f"password={FILTERED}&a=b"),
        ("\npwd=x1", f"\npwd={FILTERED}"),
        ("Server=db;Password=hunter2;Port=1", f"Server=db;Password={FILTERED};Port=1"),
        ("Set-Cookie: a=b; c=d\nX: y", f"Set-Cookie: {FILTERED}\nX: y"),
        ("Authorization: Token xyz", f"Authorization: {FILTERED}"),
        ("https://s3/x?X-Amz-Signature=abcdef&y=1", f"https://s3/x?X-Amz-Signature={FILTERED}&y=1"),
    ],
)
def test_secrets_are_filtered(before: Any, after: Any) -> None:
    """By name or by shape, in members, pairs, texts within texts, numbers; the rest stays, and so does the form."""
    assert scrub(before) == after
    assert scrub(after) == after


@pytest.mark.parametrize(
    "innocent",
    [
        "amount 4111 1111 1111 1112 is no card",
        "id 550e8400-e29b-41d4-a716-446655440000",
        {"timestamp": 1732200000.123456, "ns": 1732200000123456789, "n": 0.4111111111111111},
        {"trace_id": "be71538007547034de89370400440532", "span_id": "be71538007547034"},
        "basic authentication failed",
        "Bearer authentication is needed",
        "token: unexpected end of input",
        "Unexpected token < in JSON at position 0",
        "load_token_3 failed in auth_service",
        "def f(password=None): password=get_password()",
        "password=%s, secret=None",
        "http://localhost:8080/a@b, std::vector<int>::at",
        {"token_count": 5, "max_tokens": 10, "author": "x", "passenger": "y", "session.id": "1", "public_key": "k"},
        {"password": None, "secret": "", "token": FILTERED, "cookies": {}, "auth": True},
        {"service": "auth", "kind": "token", "words": ["password", "secret"]},
        "call 555-123-4567 on 2026-11-21 14:48:24",
        "version 10.4.0-1234-5678",
        {"modules": {"verbose_csrf_middleware": "1.0.4", "Microsoft.AspNetCore.Authorization": "3.1.3.0"}},
        {"ids": ["ad42" + "0f3b1c5d7e9a2b4c6d8e", "be31c0ffee123456", "ad74ffffffffffffffffffff"]},
        {"PWD": "/home/user", "OLDPWD": "/"},
        "App, Version=1.0.0.0, Culture=neutral, PublicKeyToken=7cec85d7bea7798e",
        "Illuminate\\Middleware\\EncryptCookies::handle",
        {"_meta": {"request": {"headers": {"Cookie": {"": {"rem": [["!config", "x", 0, 464]]}}}}}},
    ],
)
def test_what_is_no_secret_stays_to_the_byte(innocent: Any) -> None:
    """Numbers, ids, times, prose about passwords and source code are not touched: the very same bytes come back."""
    text = json.dumps(innocent, ensure_ascii=False).encode()
    scrubbed = SCRUBBER.payload(text)
    assert (scrubbed.text, scrubbed.remarks) == (text, ())
    assert scrubbed.text is text


def test_escapes_do_not_hide_a_secret() -> None:
    r"""`\u0070assword` is a password, `https:\/\/` a URL (PHP), `\u0022` a quotation mark (.NET)."""
    for text, secret in (
        (rb'{"\u0070assword":"hunter2"}', b"hunter2"),
        (rb'"https:\/\/u:hunter2@h\/p"', b"hunter2"),
        (rb'"{\u0022password\u0022:\u0022hunter2\u0022}"', b"hunter2"),
        (rb'"\u0034111111111111111"', b"111111111111111"),
    ):
        scrubbed = SCRUBBER.payload(text)
        assert secret not in scrubbed.text
        assert json.loads(scrubbed.text) is not None


@given(
    st.sampled_from(sorted(SECRETS)),
    st.text(" .,:;\n\t\"'()<>é☃", max_size=4),
    st.text(" ,;\n\t\"')>é☃", max_size=4),
    st.lists(st.sampled_from(["a", "list", "pair"]), max_size=4),
)
@settings(max_examples=120, deadline=None)
def test_a_known_shape_never_survives(name: str, before: str, after: str, path: list[str]) -> None:
    """Wherever it stands in a document, and whatever punctuation stands around it; the document stays JSON."""
    secret = SECRETS[name]
    value: Any = before + secret + after
    for step in path:
        value = {"a": {"x": value}, "list": [1, value, "y"], "pair": [["k", value]]}[step]
    for ascii_only in (True, False):
        scrubbed = SCRUBBER.payload(json.dumps(value, ensure_ascii=ascii_only).encode())
        assert secret not in json.dumps(json.loads(scrubbed.text), ensure_ascii=False)
        assert scrubbed.remarks


_names = st.sampled_from(
    [
        "password",
        "Password",
        "db_passwd",
        "API-Key",
        "apiKey",
        "X-Auth-Token",
        "Set-Cookie",
        "client_secret",
        "csrftoken",
    ]
)
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@given(_names, st.sampled_from(["member", "pair", "key_value", "text", "query", "inner_json"]), st.data())
@settings(max_examples=120, deadline=None)
def test_a_secret_under_its_name_never_survives(name: str, form: str, data: st.DataObject) -> None:
    """As a member, a pair, an attribute, in a printed dictionary, in a query, in JSON within JSON, beside anything."""
    secret = data.draw(st.text(string.ascii_letters + string.digits + "!.-_", min_size=12, max_size=20)) + "7Z"
    around = data.draw(_json)
    value = {
        "member": {"before": around, name: secret, "after": around},
        "pair": {"headers": [["a", around], [name, secret]]},
        "key_value": {"list": [around, {"key": name, "value": secret}]},
        "text": f"x {{'{name}': '{secret}'}} y",
        "query": f"/p?a=1&{name}={secret}&b=2",
        "inner_json": {"body": json.dumps({"a": 1, name: secret})},
    }[form]
    scrubbed = SCRUBBER.payload(json.dumps(value).encode())
    assert secret.encode() not in scrubbed.text
    json.loads(scrubbed.text)


@given(_json)
@settings(max_examples=120, deadline=None)
def test_any_json_stays_json_and_a_second_time_changes_nothing(value: Any) -> None:
    """Also where strange names and texts meet the patterns."""
    once = SCRUBBER.payload(json.dumps(value).encode())
    json.loads(once.text)
    assert SCRUBBER.payload(once.text).text == once.text


@pytest.mark.parametrize(
    "piece",
    [
        '"a',
        "password",
        '"password":',
        '{"password":[',
        "4111 ",
        "4111 1111 1111 ",
        "5555555555555555",
        "eyJaaaaaaaa.",
        "-----BEGIN PRIVATE KEY-----",
        "DE89 ",
        "https://a:b",
        "password='",
        r"\\",
        r"\"token\":",
        "Cookie: ",
        "1:2:",
        "a@a.",
    ],
)
def test_hostile_texts_take_linear_time(piece: str) -> None:
    """Much of what patterns begin with: a quadratic one would not end within the time limit of the tests."""
    scrubber = Scrubber(ProjectConfig(id=1, slug="x", scrub_ip="hash", scrub_email="mask"))
    text = piece * (200_000 // len(piece))
    scrubber.payload(json.dumps(text).encode())


def test_addresses_are_a_matter_of_policy() -> None:
    """They stay unless the project says otherwise; a hash is stable, of the right form, and differs by project."""
    event = {"user": {"ip_address": "203.0.113.9", "email": "ann@example.org"}, "m": "from 2001:db8::1 v1.2"}
    assert scrub(event) == event
    mask = Scrubber(ProjectConfig(id=1, slug="x", scrub_ip="mask", scrub_email="mask"))
    assert scrub(event, mask) == {
        "user": {"ip_address": "203.0.113.0", "email": "***@example.org"},
        "m": "from 2001:db8:: v1.2",
    }
    hashes = [
        Scrubber(ProjectConfig(id=1, slug="x", scrub_ip="hash", scrub_email="hash", scrub_key=key)) for key in "aab"
    ]
    first, again, other = (scrub(event, scrubber)["user"] for scrubber in hashes)
    assert first == again != other
    assert first["ip_address"].startswith("fd")
    assert first["email"].endswith("@hash.invalid")
    remove = Scrubber(ProjectConfig(id=1, slug="x", scrub_ip="remove", scrub_email="remove"))
    assert scrub(event, remove)["user"] == {"ip_address": FILTERED, "email": FILTERED}
    assert scrub({"user": {"ip_address": "{{auto}}"}}, remove) == {"user": {"ip_address": "{{auto}}"}}
    assert [s.address("203.0.113.9") for s in (SCRUBBER, mask, remove)] == ["203.0.113.9", "203.0.113.0", ""]


def test_documents_attributes_and_texts_are_scrubbed_alike() -> None:
    """The remarks say by which rule; what holds no secret is given back itself."""
    document = decode_json(b'{"a":1,"password":"x"}')
    scrubbed = SCRUBBER.document(document)
    assert scrubbed.value == {"a": 1, "password": FILTERED}
    assert (scrubbed.text, scrubbed.remarks) == (b'{"a":1,"password":"[Filtered]"}', ("scrubbed:member",))
    same = decode_json(b'{"a":1}')
    assert SCRUBBER.document(same) is same
    values = {"http.url": "https://u:p@h", "n": 1, "api_key": "k", "raw": b"\x00", "list": ("a",)}
    found = SCRUBBER.attributes(values)
    assert found.values == values | {"http.url": f"https://u:{FILTERED}@h", "api_key": FILTERED}
    assert found.remarks == ("scrubbed:member", "scrubbed:url")
    plain = {"a": "b"}
    assert SCRUBBER.attributes(plain).values is plain
    assert SCRUBBER.text("token=abc1 \ud800") == f"token={FILTERED} \ufffd"
    statsd = Document(b"hits:1|c|#token=abc1", b"hits:1|c|#token=abc1")
    assert SCRUBBER.document(statsd).value == b"hits:1|c|#token=[Filtered]"
    assert set(found.remarks) <= set(SCRUB_REMARKS)


def test_defaults_can_be_switched_off_and_names_kept() -> None:
    """By the project; the number of a session of release health is no session's key."""
    off = Scrubber(ProjectConfig(id=1, slug="x", scrub_defaults=False))
    assert scrub({"password": "x"}, off) == {"password": "x"}
    keep = Scrubber(ProjectConfig(id=1, slug="x", scrub_rules="keep token\nkeep extra.debug"))
    value = {"token": "x", "extra": {"debug": {"password": "p"}, "password": "q"}}
    assert scrub(value, keep) == {"token": "x", "extra": {"debug": {"password": "p"}, "password": FILTERED}}
    session = b'{"session_id":"0123","cookie":"x"}'
    assert json.loads(SCRUBBER.payload(session, "sessions").text) == {"session_id": "0123", "cookie": FILTERED}


def test_rules_that_cannot_be_read_stop_processing() -> None:
    """Nothing may go on unscrubbed; the error says what to do."""
    with pytest.raises(StateError, match="scrub rules of the project shop"):
        scrubber_for(ProjectConfig(id=1, slug="shop", scrub_rules="mask nothing"))


@pytest.mark.parametrize(
    ("secret", "name"),
    [
        *((True, n) for n in ("password", "DB_PASSWORD", "apiKey", "X-CSRFToken", "Set-Cookie", "jwt", "PHPSESSID")),
        *((True, n) for n in ("accessToken", "aws_secret_access_key", "connect.sid", "mysql_pwd", "token2", "auth")),
        *((False, n) for n in ("token_count", "author", "passenger", "tokenizer", "session.id", "password_reset_url")),
        *((False, n) for n in ("max_tokens", "nextPageToken", "keyboard", "monkey", "secretary", "shipping", "")),
    ],
)
def test_names_of_secrets(secret: bool, name: str) -> None:
    """Read as words, however they are joined."""
    assert is_secret_name(name) is secret


_WORDS = """password token auth Api-Key Set-Cookie authorization sig ? & = : ' " { } [ ] , abc 7 x1 4111111111111111 . -
5500000000000004 123-45-6789 DE89370400440532013000 eyJhbGci key value h.io 10.0.0.1 ::1 %3D :// @"""
_pieces = st.sampled_from([*_WORDS.split(), "\\", " ", ": ", "\n", "Bearer "])


@given(st.lists(_pieces, max_size=14))
@settings(max_examples=400, deadline=None)
def test_the_screen_lets_nothing_pass_that_a_rule_would_find(pieces: list[str]) -> None:
    """One automaton looks for all rules at once: whatever a rule finds in a text, its part of the screen finds."""
    text = "".join(pieces)
    for written in (json.dumps(text), json.dumps({text: text, "a": [[text, text]], "key": text, "value": text})):
        encoded = written.encode()
        for name, rule in NAME_RULES.items():
            if spliced(encoded, sorted(rule.splices(encoded, strength))) != encoded:
                assert compiled(rule.screen).search(encoded), name
        for pattern in PATTERNS:
            if substituted(encoded, pattern, lambda _found: FILTERED) != encoded:
                assert compiled(pattern.screen).search(encoded), pattern.name


@pytest.mark.parametrize(
    "value",
    [
        {"service": "auth", "step": "session"},
        {
            "request": "de36e657a0bd7b32e698d64adcdbc536",
            "ids": ["ae202ac97efab546dfe405aaabc42820", "be39f396b32d3e5e"],
        },
        {"transaction": "/accounts/token/98", "url": "https://shop.example/reset/all", "page": "/webhook/42"},
    ],
)
def test_the_screens_pass_what_is_ordinary_in_an_event(value: Any) -> None:
    """Words as values, hexadecimal ids, names of routes: what a screen finds costs each rule a look at the whole."""
    encoded = json.dumps(value).encode()
    screens = {**{n: r.screen for n, r in NAME_RULES.items()}, **{p.name: p.screen for p in PATTERNS if p.default}}
    assert [name for name, screen in screens.items() if compiled(screen).search(encoded)] == []


@pytest.mark.parametrize(
    "value", [{"value": "Zx9", "key": "auth"}, {"h": [["auth", "Zx9"]]}, {"name": "auth", "value": "Zx9"}]
)
def test_a_secret_told_as_name_and_value_goes_whichever_comes_first(value: Any) -> None:
    """The name is the value of another member then."""
    assert "Zx9" not in SCRUBBER.payload(json.dumps(value).encode()).text.decode()
