"""Browsers: cookies, CSRF, headers, how often one may come, and what pages answer to who is not signed in."""

from __future__ import annotations

from dataclasses import fields

import brotli
import orjson
import pytest

from iam import LOCAL, Unauthenticated
from server.http.app import create_app
from server.http.cookies import Cookies
from server.http.first import FirstServices, first_app
from server.http.pages import Front, PagePorts, mount_pages, waiting_routes
from server.http.rates import RateLimit, TooManyRequests
from tests.server.api import build_api

PASSWORD = "correct-horse-battery"


@pytest.fixture(scope="module")
def api(event_store, rows_of, tmp_path_factory):
    """The application behind an https address, with somebody who has a password."""
    built = build_api(
        event_store, rows_of, tmp_path_factory.mktemp("sessions"), 772_000, public_url="https://amber.example.org"
    )
    built.services.administration.reset_password(LOCAL, built.people["member"].id, PASSWORD)
    yield built
    built.close()


def log_in(api, password=PASSWORD, **headers):
    """Sign the member in."""
    body = orjson.dumps({"email": "member@example.org", "password": password})
    return api.client().post("/api/v1/session", data=body, headers={"Content-Type": "application/json", **headers})


def cookies_of(response) -> dict[str, str]:
    """Name -> the whole Set-Cookie line."""
    return {line.split("=", 1)[0]: line for line in response.headers.getlist("Set-Cookie")}


def test_signing_in_sets_a_cookie_no_script_reads_and_one_for_the_csrf_header(api):
    """HttpOnly and Lax for the session, Strict and readable for the CSRF token, both Secure behind https."""
    response = log_in(api)
    assert response.status_code == 201
    session, csrf = (cookies_of(response)[name] for name in ("amber_session", "_csrf_token"))
    assert {"HttpOnly", "Secure", "SameSite=Lax", "Path=/"} <= {part.strip() for part in session.split(";")}
    assert {"Secure", "SameSite=Strict"} <= {part.strip() for part in csrf.split(";")}
    assert "HttpOnly" not in csrf
    assert response.json["csrf_token"] in csrf
    assert response.json["user"]["email"] == "member@example.org"


def test_without_https_the_cookies_are_not_secure(api):
    """On a laptop the browser must send them back over http."""
    opened = api.services.identity.log_in("member@example.org", PASSWORD, address="", user_agent="")
    response = api.app.response_class()
    Cookies(None).let_in(response, opened, api.services.clock.now())
    assert "Secure" not in response.headers.getlist("Set-Cookie")[0]


@pytest.mark.parametrize("email", ["member@example.org", "nobody-knows@example.org", "disabled@example.org"])
def test_a_wrong_password_and_an_unknown_address_read_the_same(api, email):
    """401 with the same words, whoever it is; no cookie."""
    body = orjson.dumps({"email": email, "password": "wrong-" + email})
    response = api.client().post("/api/v1/session", data=body)
    assert (response.status_code, response.json["code"]) == (401, "credentials-wrong")
    assert response.headers.getlist("Set-Cookie") == []


def test_signing_out_ends_the_session_on_the_server_and_in_the_browser(api):
    """The cookie is taken away, and a copy of it opens nothing."""
    response = log_in(api)
    secret = cookies_of(response)["amber_session"].split("=")[1].split(";")[0]
    csrf = response.json["csrf_token"]
    headers = {"Cookie": f"amber_session={secret}; _csrf_token={csrf}", "X-CSRFToken": csrf}
    out = api.client().delete("/api/v1/session", headers=headers)
    assert out.status_code == 204
    assert all("Max-Age=0" in line for line in cookies_of(out).values())
    assert api.client().get("/api/v1/session", headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({}, False),
        ({"X-CSRFToken": None}, True),
        ({"X-CSRFToken": "x" * 43}, True),
        ({"X-CSRFToken": "ü"}, True),
        ({"Cookie": "amber_session={cookie}"}, True),
        ({"Cookie": "amber_session={cookie}; _csrf_token=other", "X-CSRFToken": "other"}, True),
        ({"Origin": "https://amber.example.org"}, False),
        ({"Origin": "http://localhost"}, False),
        ({"Origin": "https://evil.example.org"}, True),
        ({"Origin": "null"}, True),
        ({"Sec-Fetch-Site": "same-origin"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, True),
        ({"Sec-Fetch-Site": "same-site"}, True),
    ],
)
def test_a_browser_writes_only_with_the_sessions_token_and_from_our_own_pages(api, change, refused):
    """Header and cookie must both be the session's token: one planted by a sibling domain is of no use."""
    person = api.people["owner"]
    headers = {**api.credentials("owner"), "Content-Type": "application/json"}
    for name, value in change.items():
        headers.pop(name, None)
        if value is not None:
            headers[name] = value.format(cookie=person.cookie)
    response = api.client().patch("/api/v1/me", data=b'{"name": "Owner"}', headers=headers)
    assert response.status_code == (403 if refused else 200), response.json
    assert not refused or response.json["code"] == "csrf-failed"


def test_a_session_of_another_person_does_not_open_with_ones_own_csrf_token(api):
    """The token is bound to its session."""
    mine, theirs = api.people["viewer"], api.people["owner"]
    headers = {"Cookie": f"amber_session={theirs.cookie}; _csrf_token={mine.csrf}", "X-CSRFToken": mine.csrf}
    response = api.client().patch("/api/v1/me", data=b'{"name": "x"}', headers=headers)
    assert (response.status_code, response.json["code"]) == (403, "csrf-failed")


def test_reading_needs_no_csrf_token_and_programs_need_none_at_all(api):
    """GET with the cookie alone; POST with a bearer token alone, even with an Origin."""
    cookie = {"Cookie": f"amber_session={api.people['viewer'].cookie}"}
    assert api.client().get("/api/v1/session", headers=cookie).status_code == 200
    asked = api.call("token:all", "POST", "/api/v1/query", {"query": "from errors"}, Origin="https://notebook.example")
    assert asked.status_code == 200


def test_a_bad_token_is_not_helped_by_a_good_cookie(api):
    """Who sends an Authorization header is judged by it."""
    headers = {**api.credentials("owner"), "Authorization": "Bearer amb_wrong"}
    assert api.client().get("/api/v1/session", headers=headers).status_code == 401
    assert api.client().get("/api/v1/session", headers={**headers, "Authorization": "Basic eDp5"}).status_code == 401


def test_signing_in_from_another_sites_page_is_refused(api):
    """Or a visitor would be signed in under somebody else's name."""
    assert log_in(api, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_every_answer_has_the_security_headers_and_a_page_its_own_policy(api):
    """JSON may run nothing; a page runs our scripts only, and nobody frames it."""
    data = api.call("owner", "GET", "/api/v1/session").headers
    assert data["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    page = _page_app(api).test_client(use_cookies=False).get("/app/", headers=api.credentials("owner")).headers
    policy = dict(part.strip().split(" ", 1) for part in page["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"].startswith("'self'")
    assert "unsafe" not in policy["script-src"]
    assert (policy["frame-ancestors"], policy["base-uri"], policy["form-action"]) == ("'none'", "'none'", "'self'")
    for headers in (data, page):
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"


def _page_app(api):
    """The application while the pages are not built."""
    from server.http.app import create_app

    return create_app(api.services, waiting_routes(lambda: False))


def test_a_page_sends_who_is_not_signed_in_to_the_log_in_page_and_back(api):
    """Pages redirect with where one wanted to go; what pages fetch gets a 401, which scripts understand."""
    client = _page_app(api).test_client(use_cookies=False)
    response = client.get("/app/issues/SHOP-1?range=7d")
    assert (response.status_code, response.headers["Location"]) == (
        302,
        "/login?next=%2Fapp%2Fissues%2FSHOP-1%3Frange%3D7d",
    )
    assert client.get("/app/_dash-layout").status_code == 401


def test_a_callback_of_the_pages_has_a_body_of_bounded_size(api, monkeypatch):
    """Dash reads whatever it is sent as JSON, and no other thread runs meanwhile."""
    app = create_app(api.services, mount=lambda app: mount_pages(app, api.services.settings))
    monkeypatch.setattr(api, "app", app)
    body = {
        "output": "..page.children...shell.shown..",
        "outputs": [{"id": "page", "property": "children"}, {"id": "shell", "property": "shown"}],
        "inputs": [{"id": "shell", "property": "location", "value": {"pathname": "/app/discover"}}],
    }
    path = "/app/_dash-update-component"
    content = {"Content-Type": "application/json"}
    assert api.call("viewer", "POST", path, body, **content).status_code == 200
    refused = api.call("viewer", "POST", path, {**body, "state": ["x" * 2**20]}, **content)
    assert (refused.status_code, refused.mimetype) == (413, "application/problem+json")


def test_until_the_pages_are_built_a_small_page_says_so_and_reloads(api):
    """503 with a Refresh; when they cannot be built, 500 and no endless reloading."""
    starting = _page_app(api).test_client(use_cookies=False).get("/app/discover", headers=api.credentials("owner"))
    assert starting.status_code == 503
    assert 'http-equiv="refresh"' in starting.get_data(as_text=True)


def test_the_front_serves_the_second_application_once_it_is_built_and_the_first_when_that_fails(api):
    """A request is answered at any time; a failure leaves the API at work."""
    good, failed = [], []
    front = Front(_page_app(api), lambda: good.append(1) or _page_app(api))
    front.start().join(120)
    assert (good, front.failed) == ([1], False)

    def broken():
        failed.append(1)
        raise RuntimeError("no bundle")

    front = Front(_page_app(api), broken)
    front.start().join(120)
    assert front.failed
    from werkzeug.test import Client

    assert Client(front).get("/api/v1/health").status_code == 200


def test_the_first_application_asks_and_tells_the_state_behind_the_same_gate(api):
    """A token is needed as ever; other routes it does not have."""
    services = api.services
    first = FirstServices(**{field.name: getattr(services, field.name) for field in fields(FirstServices)})
    client = first_app(first).test_client(use_cookies=False)
    body = {"query": "from errors last 1h | summarize n=count()"}
    assert client.post("/api/v1/query", json=body).status_code == 401
    answer = client.post("/api/v1/query", json=body, headers=api.credentials("owner"))
    assert (answer.status_code, [column["name"] for column in answer.json["columns"]]) == (200, ["n"])
    assert client.get("/api/v1/health").status_code in {200, 503}
    assert client.get("/api/v1/projects", headers=api.credentials("owner")).status_code == 404


def test_who_may_not_read_the_organisation_is_not_told_its_name(api):
    """A token of one project, one without the scope, somebody without any role; a role on a part is enough."""
    for who in ("token:a", "token:none", "token:event:read", "nobody"):
        told = api.get("session", who)["organisation"]
        assert (told["slug"], told["name"]) == ("", "")
    for who in ("viewer", "project-viewer", "token:organisation:read", "token:all"):
        assert api.get("session", who)["organisation"]["slug"] == "default"


def test_a_page_reads_exactly_what_the_api_answers_to_its_reader(api):
    """The same document, the same refusals; nothing without a reader."""
    app = api.app
    ports = PagePorts(app, api.services.settings)
    with app.test_request_context("/app/"), pytest.raises(Unauthenticated):
        ports.principal()
    with app.test_request_context("/app/"):
        from flask import g

        g.principal = api.services.identity.by_session(api.people["viewer"].cookie).principal
        assert ports.principal().name == "user:viewer@example.org"
        assert ports.read("session")["projects"] == api.get("session", "viewer")["projects"]
        with pytest.raises(Exception, match=r"organisation.*admin|audit"):
            ports.read("audit", limit=1)
        assert ports.read("issues", project=["shop", "vault"], range="1h")["items"] == []
        assert g.principal.name == "user:viewer@example.org"


def test_a_bucket_refuses_when_it_is_empty_and_fills_again(api):
    """A burst, then the rate; each name has its own; the refusal says how long to wait."""
    now = [0.0]
    rates = RateLimit(60, 3, lambda: now[0])
    for _ in range(3):
        rates.take("a")
    with pytest.raises(TooManyRequests) as caught:
        rates.take("a")
    assert caught.value.retry_after_s == pytest.approx(1.0)
    rates.take("b")
    now[0] += 1.01
    rates.take("a")


def test_buckets_are_bounded_in_number():
    """A million addresses take no more memory than ten thousand."""
    rates = RateLimit(60, 1, lambda: 0.0)
    for number in range(10_050):
        rates.take(str(number))
    assert len(rates._buckets) == 10_000


def test_too_many_requests_of_one_session_are_refused_with_the_time_to_wait(event_store, rows_of, tmp_path):
    """429 with Retry-After for the one who asks too often, not for others."""
    built = build_api(event_store, rows_of, tmp_path, 772_500, api_rate_per_minute=60, api_burst=2)
    codes = [built.call("owner", "GET", "/api/v1/session").status_code for _ in range(3)]
    last = built.call("owner", "GET", "/api/v1/session")
    assert codes == [200, 200, 429]
    assert (last.json["code"], int(last.headers["Retry-After"])) == ("too-many-requests", 1)
    assert built.call("viewer", "GET", "/api/v1/session").status_code == 200
    built.close()


def test_attempts_to_sign_in_are_limited_by_address(event_store, rows_of, tmp_path):
    """Guessing from one address ends in 429, whatever accounts are tried."""
    built = build_api(event_store, rows_of, tmp_path, 772_600)
    codes = set()
    for number in range(40):
        body = orjson.dumps({"email": f"x{number}@example.org", "password": "guess"})
        codes.add(built.client().post("/api/v1/session", data=body[:-1]).status_code)
    assert codes == {400, 429}
    built.close()


def test_long_json_is_compressed_for_who_takes_it(api):
    """Brotli where it is accepted; the bytes mean the same."""
    plain = api.call("owner", "GET", "/api/v1/openapi.json")
    packed = api.call("owner", "GET", "/api/v1/openapi.json", **{"Accept-Encoding": "gzip, br"})
    assert packed.headers["Content-Encoding"] == "br"
    assert brotli.decompress(packed.data) == plain.data
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert len(packed.data) < len(plain.data) / 5
