"""What sentry-cli uploads, releases, maps that come late, and the contents that rows point to."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from engine.errors import NotFound
from engine.snapshot import ProjectConfig
from ingest.jsontext import decode_json
from ingest.symbols import SourceMaps, Symbolicator
from server.http.app import create_app
from tests.ingest.helpers import processed, snapshot
from tests.ingest.sites import Site
from tests.ingest.source_maps import MAP, SCRIPT, app_bundle, bundle, event, with_debug_id
from tests.server.api import build_api

ORG = "/api/0/organizations/default"
OF_SHOP = "/api/0/projects/default/shop"
CI = "token:artifact:write"
AT = "2026-11-21T00:30:00Z"


@pytest.fixture(scope="module")
def api(event_store, rows_of, tmp_path_factory):
    """The application with an error of a minified script in project A."""
    built = build_api(event_store, rows_of, tmp_path_factory.mktemp("artifacts"), 795_000)
    yield built
    built.close()


def sha1(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()


def form(api, path: str, parts: list[tuple[str, str, bytes]], who: str = CI, status: int = 200, **fields: str):
    """Send a form with files as sentry-cli does."""
    data = {**fields, **{name: [] for name, _, _ in parts}}
    for name, filename, content in parts:
        data[name].append((io.BytesIO(content), filename))
    answer = api.client().post(path, data=data, headers=api.credentials(who), content_type="multipart/form-data")
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer


def ask(api, method: str, path: str, body=None, who: str = CI, status: int = 200):
    answer = api.call(who, method, path, body)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.json if answer.data else None


def assemble(api, whole: bytes, pieces: list[bytes], who: str = CI, status: int = 200, **more):
    body = {"checksum": sha1(whole), "chunks": [sha1(piece) for piece in pieces], "projects": ["shop"], **more}
    return ask(api, "POST", f"{ORG}/artifactbundle/assemble/", body, who, status)


def upload(api, whole: bytes, **more):
    form(api, f"{ORG}/chunk-upload/", [("file", sha1(whole), whole)])
    return assemble(api, whole, [whole], **more)


def test_a_bundle_is_uploaded_in_chunks_and_put_together(api):
    """As sentry-cli does it: options, what is missing, the chunks, again; and once more when it retries."""
    options = ask(api, "GET", f"{ORG}/chunk-upload/")
    assert (options["hashAlgorithm"], options["url"]) == ("sha1", f"http://localhost{ORG}/chunk-upload/")
    assert options["chunkSize"].bit_count() == 1
    whole = app_bundle(release="web@1", dist="7")
    pieces = [whole[:300], whole[300:]]
    assert assemble(api, whole, pieces) == {
        "state": "not_found",
        "missingChunks": [sha1(piece) for piece in pieces],
        "detail": None,
    }
    form(api, f"{ORG}/chunk-upload/", [("file", sha1(pieces[0]), pieces[0])])
    assert assemble(api, whole, pieces)["missingChunks"] == [sha1(pieces[1])]
    form(api, f"{ORG}/chunk-upload/", [("file_gzip", sha1(pieces[1]), gzip.compress(pieces[1]))])
    for _ in range(2):
        assert assemble(api, whole, pieces)["state"] == "ok"
    files = ask(api, "GET", f"{OF_SHOP}/releases/web@1/files/")
    assert [(file["name"], file["dist"]) for file in files] == [("~/static/app.js", "7"), ("~/static/app.js.map", "7")]
    assert files[0]["headers"] == {"Sourcemap": "app.js.map", "debug-id": "0123456789abcdef" * 2}
    assert ask(api, "GET", f"{ORG}/releases/web@1/")["version"] == "web@1", "an upload makes its release"
    resolved, _ = Symbolicator(SourceMaps(api.metadata, api.services.blobs)).event(
        event(release="web@1", dist="7"), api.a.id
    )
    assert "explode" in json.dumps(resolved)


@pytest.mark.parametrize(
    ("whole", "why"),
    [
        (b"no zip", "no artifact bundle"),
        (bundle({})[:-5], "no artifact bundle"),
        (bundle({}).replace(b"manifest.json", b"manifesto.txt"), "no artifact bundle"),
    ],
)
def test_what_is_no_bundle_is_refused_with_the_reason(api, whole, why):
    answer = upload(api, whole)
    assert answer["state"] == "error"
    assert why in answer["detail"]


def test_chunks_are_what_their_names_say(api):
    path = f"{ORG}/chunk-upload/"
    assert form(api, path, [("file", "a" * 40, b"x")], status=400).json["code"] == "chunk-checksum"
    assert form(api, path, [("file", "x.js", b"x")], status=400).json["code"] == "checksum-invalid"
    assert form(api, path, [("file_gzip", sha1(b"x"), b"no gzip")], status=400).json["code"] == "chunk-broken"
    short = gzip.compress(b"x" * 99)[:-9]
    assert form(api, path, [("file_gzip", sha1(b"x"), short)], status=400).json["code"] == "chunk-broken"
    bomb = gzip.compress(bytes(5 * 2**20))
    assert form(api, path, [("file_gzip", sha1(b"x"), bomb)], status=400).json["code"] == "chunk-too-large"
    assert form(api, path, [], status=400).json["code"] == "chunks-missing"
    parts = [b"a", b"b"]
    form(api, path, [("file", sha1(part), part) for part in parts])
    assert "another SHA-1" in assemble(api, b"ba", parts)["detail"]
    assert assemble(api, b"ab", [], status=400)["code"] == "chunks-missing"


@pytest.mark.parametrize(
    ("who", "status", "code"),
    [
        ("", 401, "unauthenticated"),
        ("token:event:read", 403, "forbidden"),
        ("token:viewer", 403, "forbidden"),
        ("token:b", 404, "project-unknown"),
        ("project-member", 200, ""),
    ],
)
def test_who_uploads_must_be_allowed_to_on_the_project(api, who, status, code):
    assert (assemble(api, b"x", [b"x"], who, status).get("code") or "") == code
    assert ask(api, "GET", "/api/0/organizations/other/chunk-upload/", status=404)["code"] == "organisation-unknown"


def test_releases_are_created_finalised_and_told_their_commits(api):
    """As `sentry-cli releases new`, `set-commits` and `finalize`."""
    made = ask(api, "POST", f"{ORG}/releases/", {"version": "app@1", "projects": ["shop", "vault"]}, status=201)
    assert [project["slug"] for project in made["projects"]] == ["shop", "vault"]
    assert made["dateReleased"] is None
    one = f"{ORG}/releases/app@1/"
    commits = [{"id": "c" * 40, "message": "mend it"}]
    assert ask(api, "PUT", one, {"projects": ["shop"], "commits": commits})["commitCount"] == 1
    final = ask(api, "PUT", one, {"dateReleased": "2026-03-01T10:00:00.5Z", "url": "https://ci.example"})
    assert (final["dateReleased"], final["url"], len(final["projects"])) == (
        "2026-03-01T10:00:00Z",
        "https://ci.example",
        2,
    )
    assert ask(api, "GET", f"{OF_SHOP}/releases/app@1/")["lastCommit"].items() >= commits[0].items()
    assert [one["id"] for one in ask(api, "GET", f"{one}commits/")] == ["c" * 40]
    assert ask(api, "GET", f"{ORG}/releases/next/previous-with-commits/")["version"] == "app@1"
    assert {row["version"] for row in ask(api, "GET", f"{OF_SHOP}/releases/")} >= {"app@1"}
    assert ask(api, "GET", f"{ORG}/repos/") == []
    assert ask(api, "GET", f"{ORG}/releases/no@1/", status=404)["code"] == "release-unknown"
    assert ask(api, "POST", f"{ORG}/releases/", {"version": "\n", "projects": ["shop"]}, status=400)["code"]
    assert ask(api, "PUT", one, {"dateReleased": "soon"}, status=400)["code"] == "parameter-invalid"
    seen = ask(api, "GET", f"{OF_SHOP}/releases/app@1/", who="token:b", status=404)
    assert seen["code"] == "project-unknown"


def test_a_deployment_becomes_a_change_once(api, tmp_path):
    """As `sentry-cli deploys new` tells it, in each project of the release; told again it is the same row."""
    site = Site(tmp_path, snapshot(project_id=api.a.id))
    client = create_app(replace(api.services, edge=site.edge)).test_client(use_cookies=False)
    one = f"{ORG}/releases/deployed@1/"
    ask(api, "POST", f"{ORG}/releases/", {"version": "deployed@1", "projects": ["shop"]}, status=201)
    told = {"environment": "prod", "name": "blue", "dateFinished": AT, "url": "https://ci.example/7"}

    def deploy(body, status=201):
        answer = client.post(f"{one}deploys/", json=body, headers=api.credentials(CI))
        assert answer.status_code == status, answer.get_data(as_text=True)
        return answer.json

    assert deploy(told) == deploy(told)
    assert deploy({"environment": "prod", "dateFinished": "soon"}, 400)["code"] == "parameter-invalid"
    (listed,) = ask(api, "GET", f"{one}deploys/")
    assert listed == {**told, "id": deploy(told)["id"], "dateStarted": None}
    rows = processed(*site.records(), config=snapshot(project_id=api.a.id)).rows["changes"]
    site.close()
    (row,) = rows
    assert (row["id"], row["kind"], row["release"], row["environment"]) == (
        listed["id"],
        "deploy",
        "deployed@1",
        "prod",
    )
    assert (row["title"], row["link"], row["status"]) == (
        "Deploy deployed@1 to prod",
        "https://ci.example/7",
        "succeeded",
    )
    assert row["timestamp"] == int(datetime.fromisoformat(AT).timestamp() * 1000)
    assert ask(api, "POST", f"{one}deploys/", told, status=409)["code"] == "no-ingest"


def test_a_debug_file_is_kept_under_its_debug_id(api):
    """As `sentry-cli debug-files upload` does it: what is missing, the chunks, again."""
    path, whole = f"{OF_SHOP}/files/difs/assemble/", b"\x7fELF of a program"
    name = sha1(whole)
    body = {name: {"name": "app.debug", "debug_id": "1E8A1989-86fe-9701-1414-792bf956ef30-a", "chunks": [name]}}
    assert "debug_files" in ask(api, "GET", f"{ORG}/chunk-upload/")["accept"]
    assert ask(api, "POST", path, body)[name]["missingChunks"] == [name]
    form(api, f"{ORG}/chunk-upload/", [("file", name, whole)])
    for _ in range(2):
        kept = ask(api, "POST", path, body)[name]
        assert (kept["state"], kept["dif"]["objectName"], kept["dif"]["sha1"]) == ("ok", "app.debug", name)
        assert kept["dif"]["debugId"] == "1e8a1989-86fe-9701-1414-792bf956ef30"
    (file,) = api.metadata.files_by_debug_id(api.a.id, "1e8a198986fe97011414792bf956ef30")
    assert (file.size, file.file.kind) == (len(whole), "debug_file")
    nameless = {name: {"name": "app", "chunks": [name]}}
    assert "debug id" in ask(api, "POST", path, nameless)[name]["detail"]
    wrong = {sha1(b"other"): {"name": "app", "debug_id": "b" * 32, "chunks": [name]}}
    assert "another SHA-1" in ask(api, "POST", path, wrong)[sha1(b"other")]["detail"]
    assert ask(api, "POST", path, body, who="token:b", status=404)["code"] == "project-unknown"


def test_single_files_of_older_tools_count_too(api):
    path = f"{OF_SHOP}/releases/old@1/files/"
    script = form(
        api, path, [("file", "app.js", SCRIPT)], status=201, name="~/static/app.js", header="Sourcemap: app.js.map"
    )
    form(api, path, [("file", "app.js.map", MAP)], status=201, name="~/static/app.js.map")
    symbols = Symbolicator(SourceMaps(api.metadata, api.services.blobs))
    assert "explode" in json.dumps(symbols.event(event(release="old@1"), api.a.id)[0])
    assert form(api, path, [], status=400).json["code"] == "file-missing"
    ask(api, "DELETE", f"{path}{script.json['id']}/", status=204)
    assert [file["name"] for file in ask(api, "GET", path)] == ["~/static/app.js.map"]
    ask(api, "DELETE", f"{path}{script.json['id']}/", status=404)
    with pytest.raises(NotFound):
        api.metadata.release(api.b.id, "old@1")


def test_a_map_that_comes_late_counts_on_the_page_of_the_event(api):
    """The event keeps its issue; its frames are shown as they were written, and where they were before."""
    data = with_debug_id(release="late@1")
    data["debug_meta"]["images"][0]["debug_id"] = "f" * 32
    row = {"event_id": "e" * 32, "fingerprint": 77, "title": "Error: 1", "payload": json.dumps(data)}
    api.add_errors(api.b.id, [row])
    page = "issues/VAULT-1/events/latest"
    insert(api, "attachments", project_id=api.b.id, id="b3" * 16, event_id="e" * 32, name="shot.png", stored=True)
    before = api.get(page)
    assert [(file["name"], file["url"]) for file in before["attachments"]] == [
        ("shot.png", f"/api/v1/attachments/{'b3' * 16}")
    ]
    assert before["exceptions"][0]["frames"][-1]["function"] == "a"
    assert before["exceptions"][0]["frames"][-1]["minified"] is None
    assert [error["type"] for error in before["errors"]] == ["no_file"]
    assert before["errors"][0]["debug_id"] == "f" * 32
    headers = {"debug-id": "f" * 32}
    files = {
        "a.js": ({"type": "minified_source", "url": "~/x.js", "headers": headers}, SCRIPT),
        "a.map": ({"type": "source_map", "url": "~/x.map", "headers": headers}, MAP),
    }
    assert upload(api, bundle(files), projects=["vault"])["state"] == "ok"
    after = api.get(page)
    frame = after["exceptions"][0]["frames"][-1]
    assert (frame["function"], frame["filename"], frame["lineno"], frame["colno"]) == ("explode", "./src/app.ts", 2, 3)
    assert frame["context_line"] == "  throw new Error(why);"
    assert frame["minified"] == {"function": "a", "path": frame["minified"]["path"], "lineno": 1, "colno": 15}
    assert (after["errors"], after["issue"]) == ([], before["issue"])
    config = api.metadata.config_snapshot().projects[api.b.id]
    assert config.artifacts > 0
    assert ProjectConfig(1, "x").artifacts == 0
    document = Symbolicator(SourceMaps(api.metadata, api.services.blobs)).document(
        decode_json(json.dumps(data).encode()), config
    )
    assert document.remarks == ("frames:symbolicated",), "the next event of this script is resolved when it comes"


def insert(api, dataset: str, **row):
    now = datetime.now(UTC) - timedelta(minutes=5)
    row = {"project_id": api.a.id, "timestamp": now, **row}
    api.store.insert_rows(dataset, api.make_rows(dataset, [row]))


def test_files_of_an_event_are_listed_and_saved_not_shown(api):
    event_id, content = "a1" * 16, b"<script>alert(1)</script>"
    ref = api.services.blobs.put(api.a.id, content)
    facts = {"event_id": event_id, "content_type": "text/html", "attachment_type": "event.attachment"}
    kept = {"sha256": ref.sha256, "size": ref.size, "stored": True}
    insert(api, "attachments", id="b1" * 16, name='../grün";\n.html', **facts, **kept)
    insert(api, "attachments", id="b2" * 16, name="z", **facts, sha256="", size=9, stored=False)
    first, second = api.get(f"events/{event_id}/attachments")["items"]
    assert (first["name"], first["size"], first["url"]) == (
        '../grün";\n.html',
        ref.size,
        f"/api/v1/attachments/{'b1' * 16}",
    )
    assert (second["stored"], second["url"]) == (False, None)
    answer = api.call("owner", "GET", first["url"])
    assert (answer.data, answer.content_type) == (content, "application/octet-stream")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith('attachment; filename=".._gr_n___.html";')
    assert "filename*=UTF-8''.._gr%C3%BCn" in disposition
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert api.call("owner", "GET", f"/api/v1/attachments/{'b2' * 16}").status_code == 404
    for who, status in (("token:b", 404), ("token:issue:read", 403), ("", 401)):
        assert api.call(who, "GET", first["url"]).status_code == status
    assert api.get(f"events/{event_id}/attachments", "token:b")["items"] == []
    assert api.call("owner", "GET", "/api/v1/attachments/nonsense-nonsense-nonsense-nonsense").status_code == 400


def test_recordings_and_profiles_are_given_back(api):
    blobs, replay, profile = api.services.blobs, "c1" * 16, "d1" * 16
    recording, whole = blobs.put(api.a.id, b"[recorded]"), blobs.put(api.a.id, b'{"profile":{}}')
    common = {"replay_id": replay, "recording_kind": "rrweb"}
    kept = {"recording_sha256": recording.sha256, "recording_size": recording.size}
    insert(api, "replays", id="1" * 32, segment_id=1, **common, **kept)
    insert(api, "replays", id="0" * 32, segment_id=0, **common)
    items = api.get(f"replays/{replay}/segments")["items"]
    assert [(item["segment"], item["url"] is None) for item in items] == [(0, True), (1, False)]
    answer = api.call("owner", "GET", items[1]["url"])
    assert (answer.data, answer.headers["Content-Length"]) == (b"[recorded]", "10")
    assert api.call("owner", "GET", f"/api/v1/replays/{replay}/segments/0").status_code == 404
    assert api.call("owner", "GET", f"/api/v1/replays/{'9' * 32}/segments").json["code"] == "replay-unknown"
    insert(api, "profiles", id="2" * 32, profile_id=profile, profile_sha256=whole.sha256)
    assert api.call("owner", "GET", f"/api/v1/profiles/{profile}/raw").data == b'{"profile":{}}'
    assert api.call("token:b", "GET", f"/api/v1/profiles/{profile}/raw").status_code == 404
    blobs.delete(whole)
    assert api.call("owner", "GET", f"/api/v1/profiles/{profile}/raw").json["code"] == "content-gone"
