"""What makes texts one template: signs, names, states, lists; and what a row's id depends on."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.templates import find_templates, masked, template_id


def templates_of(*texts: str) -> list[str]:
    """The template of each text, masked first, each seen once."""
    return find_templates([masked(text) for text in texts], [1] * len(texts))


@pytest.mark.parametrize(
    ("texts", "template"),
    [
        (("user ann left", "user bob left"), "user <*> left"),
        (("open a.b.C", "open x.y.Z"), "open <*>"),
        (("from 10.0.0.1 () at 10:00:01", "from 10.0.0.2 (h.example) at 10:00:02"), "from <*> (<*>) at <*>"),
        (("asked via eth0 now", "asked via eth1 now"), "asked via <*> now"),
        (("too many of root", "too many of ann"), "too many of <*>"),
        (("CPU0: is up now", "CPU1: is up now"), "<*>: is up now"),
        (("in use: [1, 2, 3]", "in use: [4]"), "in use: [<*>]"),
        (("nodes 1 (ok) 2 (ok)", "nodes 1 (ok)"), "nodes <*> (ok)"),
        (("took 1 s", "took 17.5 minutes"), "took <*>"),
        (("sent 12 bytes, done", "sent 1190 bytes (1.16 KB), done"), "sent <*>, done"),
        (("at () now", "at (10.0.0.1) now"), "at (<*>) now"),
        (("ready=true", "ready=no"), "ready=<*>"),
        (("done type:create now", "done type:remake now"), "done type:<*> now"),
        (("it  went on", "it went on"), "it went on"),
        (("a.b.c: cannot find it", "x.y.z: cannot find it"), "<*>: cannot find it"),
        (("mail from o'neil@a.example", "mail from bob+tag@b.example"), "mail from <*>"),
        (("peer ::1 left", "peer 2001:db8:1::9f left", "peer 10.0.0.1 left"), "peer <*> left"),
        (("query (1m3.5s) ended", "query (00:00:12) ended", "query (12 µs) ended"), "query (<*>) ended"),
        (("x=1 took=2.5 s", "x=1 took=10 minutes", "x=1 took=00:00:12"), "x=<*> took=<*>"),
        (("key is sha256:+a/1b= now", "key is sha256:Zb/c now", "key is md5:00ff now"), "key is <*> now"),
        (
            ('id: 1, asked: "GET /a HTTP/1.1", to: b', 'id: 2, asked: "POST /c HTTP/1.1", to: b'),
            "id: <*>, asked: <*>, to: b",
        ),
    ],
)
def test_texts_that_differ_in_names_amounts_or_lengths_of_lists_are_one_template(
    texts: tuple[str, ...], template: str
) -> None:
    """What differs is `<*>`, once for a list."""
    assert set(templates_of(*texts)) == {template}


@pytest.mark.parametrize(
    "texts",
    [
        ("link went up", "link went down"),
        ("session opened for user", "session closed for user"),
        ("environment java.home=/a/b", "environment java.name=/a/b"),
        ("through proxy HTTPS", "through proxy SOCKS5"),
        ("radio: asleep now", "radio: awake now"),
        ('1.1.1.1 "GET /a HTTP/1.1" 200', '1.1.1.1 "POST /a HTTP/1.1" 200'),
        ("task started", "task stopped", "task ended", "task paused", "task resumed", "task cancelled"),
        ("a (b) c", "a [b] c"),
        ("SOCKS5 is used here", "HTTP is used here"),
        ("a.b.c is old", "x.y.z is old"),
    ],
)
def test_texts_that_differ_in_what_happened_stay_apart(texts: tuple[str, ...]) -> None:
    """States, keys, kinds, methods and signs are said by the program."""
    assert len(set(templates_of(*texts))) == len(texts)


def test_a_template_is_written_as_its_most_frequent_text_is() -> None:
    """Blanks around signs differ; the words are the same."""
    assert find_templates(["a(<*>) b", "a (<*>) b"], [3, 2]) == ["a(<*>) b"] * 2
    assert find_templates(["a(<*>) b", "a (<*>) b"], [2, 3]) == ["a (<*>) b"] * 2


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=40), max_size=12))
def test_any_texts_have_templates_in_any_order(texts: list[str]) -> None:
    """No text is refused; equal texts share a template; the order does not matter."""
    found = dict(zip(texts, find_templates(texts, [1] * len(texts)), strict=True))
    again = dict(zip(texts[::-1], find_templates(texts[::-1], [1] * len(texts)), strict=True))
    assert found == again
    assert all(isinstance(template_id(text), int) for text in texts)


def test_the_id_of_a_row_is_of_what_does_not_change_in_the_first_thousand_characters() -> None:
    """The same on every machine: a number written down here."""
    assert template_id("took 3 ms") == template_id("took 17.25 s") == template_id("took  9 h")
    assert template_id("took  9 h") == 16447389728745176968
    assert template_id("took 3 ms") != template_id("gave 3 ms")
    long = "word " * 300
    assert template_id(long + "one") == template_id(long + "other")
