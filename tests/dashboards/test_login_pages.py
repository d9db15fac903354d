"""The door: who gets in, what is said to who does not, and where one is sent."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dashboards.login import safe_next
from tests.dashboards.fake_login import ADA, COOKIE, PASSWORD, FakeDoor, door_app


@pytest.fixture
def door() -> FakeDoor:
    return FakeDoor()


@pytest.fixture
def client(door: FakeDoor) -> Iterator[FlaskClient]:
    with door_app(door).test_client() as client:
        yield client


def token_of(page: TestResponse) -> str:
    """Return the hidden field of a page's form."""
    found = re.search(r'name="form_token" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def log_in(client: FlaskClient, email: str = ADA.email, password: str = PASSWORD, **more: str) -> TestResponse:
    """Open the page and send the form, as a browser would."""
    token = token_of(client.get("/login"))
    return client.post("/login", data={"email": email, "password": password, "form_token": token, **more})


def cookies_of(answer: TestResponse) -> str:
    return " ".join(answer.headers.getlist("Set-Cookie"))


def test_the_right_password_lets_in_and_goes_where_one_wanted_to(client: FlaskClient):
    """The session cookie is set and the browser is sent to the page it came for, by GET."""
    answer = log_in(client, next="/app/issues/SHOP-12?env=prod")
    assert answer.status_code == 303
    assert answer.location == "/app/issues/SHOP-12?env=prod"
    assert f"{COOKIE}=s3cret" in cookies_of(answer)


def test_a_wrong_password_says_so_keeps_the_address_and_lets_nobody_in(client: FlaskClient):
    """The text does not say which of the two is wrong; the e-mail stays, the password does not."""
    answer = log_in(client, password="wrong-guess")
    assert answer.status_code == 401
    assert "E-mail or password is wrong." in answer.text
    assert 'value="ada@example.org"' in answer.text
    assert "wrong-guess" not in answer.text
    assert COOKIE not in cookies_of(answer)


def test_an_unknown_address_and_a_wrong_password_read_the_same(client: FlaskClient):
    """Nobody learns who is here."""
    known, unknown = log_in(client, password="x"), log_in(client, email="who@example.org", password="x")
    strip = re.compile(r'value="[^"]*"')
    assert strip.sub("", known.text) == strip.sub("", unknown.text)
    assert known.status_code == unknown.status_code


def test_after_too_many_attempts_the_page_says_how_long_to_wait(client: FlaskClient):
    """Status 429 with Retry-After, and the seconds where the countdown finds them."""
    for _ in range(3):
        log_in(client, password="x")
    answer = log_in(client)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "90"
    assert 'id="countdown" data-seconds="90"' in answer.text
    assert COOKIE not in cookies_of(answer)


def test_a_form_without_its_token_is_refused_before_the_password_is_looked_at(client: FlaskClient, door: FakeDoor):
    """Another site cannot sign a visitor in: it cannot know the cookie's value."""
    client.get("/login")
    for token in ("", "guess", "A" * 43):
        answer = client.post("/login", data={"email": ADA.email, "password": PASSWORD, "form_token": token})
        assert answer.status_code == 403
    assert door.identity.callers == []


def test_a_form_sent_from_another_site_is_refused_even_with_the_token(client: FlaskClient, door: FakeDoor):
    """Browsers say where a request comes from."""
    token = token_of(client.get("/login"))
    data = {"email": ADA.email, "password": PASSWORD, "form_token": token}
    answer = client.post("/login", data=data, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert door.identity.callers == []


def test_a_token_without_its_cookie_is_refused(client: FlaskClient):
    """A token somebody copied from their own page is of no use in another browser."""
    token = token_of(client.get("/login"))
    client.delete_cookie("amber_form")
    assert client.post("/login", data={"email": "a", "password": "b", "form_token": token}).status_code == 403


def test_two_tabs_share_one_token(client: FlaskClient):
    """Opening the page again does not break the form that is already open."""
    first = token_of(client.get("/login"))
    client.get("/login")
    answer = client.post("/login", data={"email": ADA.email, "password": PASSWORD, "form_token": first})
    assert answer.status_code == 303


def test_address_and_browser_reach_the_identity(client: FlaskClient, door: FakeDoor):
    """They are what delays and the list of sessions are made from; a long browser name is cut."""
    token = token_of(client.get("/login"))
    data = {"email": ADA.email, "password": PASSWORD, "form_token": token}
    client.post("/login", data=data, headers={"User-Agent": "B" * 5000})
    assert door.identity.callers == [("127.0.0.1", "B" * 400)]


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\t//evil.example",
        " //evil.example",
        "javascript:alert(1)",
        "app/issues",
        "/login",
        "/login?next=/login",
        "/logout",
        "/api/v1/projects",
        "/\u0000",
        "/" + "a" * 5000,
        "",
        None,
    ],
)
def test_only_pages_of_this_server_are_places_to_go_on_to(wanted: str | None):
    """An address that leads elsewhere, or to no page, becomes the home page."""
    assert safe_next(wanted) == "/app/"


@pytest.mark.parametrize("wanted", ["/app/", "/app/issues?q=a%2Fb&env=prod", "/app/traces/ab#span", "/loginish"])
def test_a_local_page_is_a_place_to_go_on_to(wanted: str):
    """With its parameters."""
    assert safe_next(wanted) == wanted


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_no_redirect_leads_to_another_host(client: FlaskClient, target: str):
    """Neither after the form nor for who is signed in already."""
    assert log_in(client, next=target).location == "/app/"
    assert client.get("/login", query_string={"next": target}).location == "/app/"


def test_who_is_signed_in_does_not_see_the_form(client: FlaskClient):
    """They go on at once."""
    log_in(client)
    assert client.get("/login?next=/app/issues").location == "/app/issues"


def test_an_ended_session_is_said(client: FlaskClient):
    """Who comes with a cookie that is no longer good reads why they are here."""
    client.set_cookie(COOKIE, "old")
    assert "Your session has ended." in client.get("/login?next=/app/issues").text


def test_signing_out_needs_the_form_and_ends_the_session(client: FlaskClient, door: FakeDoor):
    """A link or an image of another site cannot sign anybody out."""
    log_in(client)
    assert client.get("/logout").status_code == 200
    assert client.post("/logout").status_code == 403
    assert door.identity.ended == []
    answer = client.post("/logout", data={"form_token": token_of(client.get("/logout"))})
    assert len(door.identity.ended) == 1
    assert f"{COOKIE}=;" in cookies_of(answer)
    assert "You are signed out." in client.get(answer.location).text


def test_looking_at_a_link_does_not_use_it_up(client: FlaskClient, door: FakeDoor):
    """A scanner of links, even one that runs scripts, leaves it usable."""
    door.identity.links["abc"] = ADA
    assert client.get("/login/link").status_code == 200
    token = token_of(client.get("/login/link"))
    for _ in range(2):
        page = client.post("/login/link", data={"secret": "abc", "form_token": token})
        assert "ada@example.org" in page.text
    assert "abc" in door.identity.links


def test_a_link_sets_the_password_and_signs_in_once(client: FlaskClient, door: FakeDoor):
    """After that it is used up, and the page says so."""
    door.identity.links["abc"] = ADA
    token = token_of(client.get("/login/link"))
    sent = {"secret": "abc", "password": "long enough now", "form_token": token}
    answer = client.post("/login/link", data=sent)
    assert answer.location == "/app/welcome"
    assert f"{COOKIE}=s3cret" in cookies_of(answer)
    assert door.identity.passwords == {ADA.email: "long enough now"}
    again = client.post("/login/link", data=sent)
    assert again.status_code == 401
    assert "cannot be used any more" in again.text


def test_a_weak_password_leaves_the_link_alive_and_says_what_is_wanted(client: FlaskClient, door: FakeDoor):
    """The form comes back with the link in it."""
    door.identity.links["abc"] = ADA
    token = token_of(client.get("/login/link"))
    answer = client.post("/login/link", data={"secret": "abc", "password": "short", "form_token": token})
    assert answer.status_code == 400
    assert "Use at least 10 characters." in answer.text
    assert 'value="abc"' in answer.text
    assert "abc" in door.identity.links


def test_what_people_type_is_shown_as_text(client: FlaskClient):
    """Markup in the e-mail or in `next` stays text."""
    hostile = '"><script>alert(1)</script>'
    answer = log_in(client, email=hostile, password="x", next=f"/app/{hostile}")
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("path", ["/login", "/login/link", "/logout"])
def test_pages_carry_a_policy_without_inline_scripts_and_are_not_stored(client: FlaskClient, path: str):
    """Strict policy, no cache, a cookie scripts cannot read."""
    if path == "/logout":
        log_in(client)
    answer = client.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert "HttpOnly" in cookies_of(answer)
    assert not re.search(r"<script>|\son\w+=|style=", answer.text)


def test_password_managers_recognise_the_fields(client: FlaskClient, door: FakeDoor):
    """The fields say what they are by autocomplete, and every field has a label."""
    page = client.get("/login").text
    assert 'autocomplete="username"' in page
    assert 'autocomplete="current-password"' in page
    door.identity.links["abc"] = ADA
    token = token_of(client.get("/login/link"))
    link = client.post("/login/link", data={"secret": "abc", "form_token": token}).text
    assert 'autocomplete="new-password"' in link
    assert 'autocomplete="username" value="ada@example.org"' in link
    for text in (page, link):
        shown = re.findall(r'<input id="(\w+)"', text)
        assert shown
        assert all(f'<label for="{name}">' in text for name in shown)


def test_the_chosen_theme_is_in_the_page(client: FlaskClient):
    """Nothing flashes; a theme that is none is ignored."""
    client.set_cookie("amber_theme", "dark")
    assert '<html lang="en" data-theme="dark">' in client.get("/login").text
    client.set_cookie("amber_theme", "x")
    assert '<html lang="en">' in client.get("/login").text


def test_only_the_two_static_files_are_served(client: FlaskClient):
    """No path leads anywhere else."""
    script = client.get("/login/static/login.js")
    assert script.mimetype == "text/javascript"
    for name in ("../routes.py", "routes.py", "..%2froutes.py", "login.js/"):
        assert client.get(f"/login/static/{name}").status_code == 404


def test_a_form_that_is_too_large_is_refused(client: FlaskClient):
    """Nobody makes the server hash megabytes."""
    assert log_in(client, password="x" * 100_000).status_code == 413
