"""The web port while it is being completed: queries first, then the API, then the pages."""

from __future__ import annotations

import threading
import time

import pytest
from flask import Flask
from werkzeug.test import Client

from server.http.pages import Front


def _app(name: str, *paths: str) -> Flask:
    app = Flask(name)
    for path in paths:
        app.add_url_rule(path, path.strip("/"), lambda: name)
    return app


def _text(front: Front, path: str) -> str:
    return Client(front).get(path).get_data(as_text=True)


def test_what_the_first_application_cannot_answer_waits_for_the_whole_api() -> None:
    """What it can answer does not; in the end the pages' application has both."""
    front = Front(_app("first", "/query"), lambda: _app("pages", "/query", "/issues"), lambda: whole)
    whole = _app("whole", "/query", "/issues")
    answers: list[str] = []
    waiting = threading.Thread(target=lambda: answers.append(_text(front, "/issues")))
    assert _text(front, "/query") == "first"
    waiting.start()
    front.complete()
    waiting.join(60)
    assert answers in (["whole"], ["pages"])
    assert (_text(front, "/query"), front.failed) == ("pages", False)


def test_a_few_requests_of_pages_wait_for_them_and_more_are_told_to_come_again() -> None:
    """Who opens the address just printed sees the page itself; threads remain for queries."""
    go = threading.Event()

    def pages() -> Flask:
        go.wait(60)
        return _app("pages", "/query", "/app/issues")

    front = Front(_app("api", "/query", "/app/issues"), pages)
    answers: list[str] = []
    waiting = [threading.Thread(target=lambda: answers.append(_text(front, "/app/issues"))) for _ in range(3)]
    for thread in waiting:
        thread.start()
    while front._waiters._value:
        time.sleep(0.01)
    assert _text(front, "/app/issues") == "api"
    completing = front.start()
    go.set()
    for thread in (completing, *waiting):
        thread.join(60)
    assert answers == ["pages"] * 3


def test_an_api_that_cannot_be_built_ends_the_process_and_pages_that_cannot_do_not() -> None:
    """The thread that completes the front is vital: its exception brings the process down."""

    def broken() -> Flask:
        raise RuntimeError("a defect")

    front = Front(_app("first", "/query"), broken, broken)
    assert _text(front, "/query") == "first"
    with pytest.raises(RuntimeError, match="a defect"):
        front.complete()
    front = Front(_app("first", "/query"), broken, lambda: _app("whole", "/query", "/issues"))
    assert _text(front, "/query") == "first"
    front.complete()
    assert (front.failed, _text(front, "/issues")) == (True, "whole")
