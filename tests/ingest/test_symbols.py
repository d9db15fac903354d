"""Minified frames become what people wrote, by debug id or by release and URL; what stays minified is said."""

from __future__ import annotations

import base64
import json
from bisect import bisect_right

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.blobs import FileBlobStore
from engine.errors import CapacityError
from engine.snapshot import ProjectConfig
from ingest.jsontext import decode_json
from ingest.normalise.event import event_row
from ingest.normalise.reading import decode_event
from ingest.symbols import SourceMaps, Symbolicator
from ingest.symbols.maps import Script, SourceMap, Unmapped
from ingest.symbols.urls import beside, candidates, is_vendor, source_names
from tests.ingest.helpers import NOW_NS, arrival, envelope, processed, raw, snapshot
from tests.ingest.source_maps import (
    DEBUG_ID,
    FRAMES,
    MAP,
    SCRIPT,
    Uploads,
    app_bundle,
    event,
    source_map,
    with_debug_id,
)


@pytest.fixture
def uploads(tmp_path):
    return Uploads(FileBlobStore(tmp_path))


def symbolicator(uploads, **options):
    return Symbolicator(SourceMaps(uploads, uploads.blobs, **options))


def upload_script(uploads, **given):
    uploads.add("minified_source", "~/static/app.js", SCRIPT, **given)
    return uploads.add("source_map", "~/static/app.js.map", MAP, **given)


def frames_of(data):
    return data["exception"]["values"][0]["stacktrace"]["frames"]


def row_of(uploads, data, artifacts=99, decode=decode_event):
    project = ProjectConfig(1, "shop", artifacts=artifacts)
    document = symbolicator(uploads).document(decode(json.dumps(data).encode()), project)
    return event_row(document, arrival(project=project))


places = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 300), st.integers(0, 1), st.integers(0, 90), st.integers(0, 500)),
    min_size=1,
    max_size=40,
    unique_by=lambda place: place[:2],
)


@given(places.map(sorted), st.integers(0, 5), st.integers(0, 320), st.booleans())
def test_a_place_in_a_script_is_looked_up_as_it_was_encoded(mapped, line, column, indexed):
    """The segment that begins at or before it in its line counts; maps in sections are the same."""
    text = source_map(mapped, ["a.ts", "b.ts"], ["", ""])
    if indexed:
        text = {"version": 3, "sections": [{"offset": {"line": 0, "column": 0}, "map": text}]}
    found = SourceMap(b"", json.dumps(text).encode()).lookup(line + 1, column + 1)
    in_line = [place for place in mapped if place[0] == line]
    at = bisect_right([place[1] for place in in_line], column)
    if not at:
        assert found is None
    else:
        _, _, source, source_line, source_column = in_line[at - 1]
        assert (found.src, found.line, found.col) == (["a.ts", "b.ts"][source], source_line + 1, source_column + 1)


@pytest.mark.parametrize("decode", [decode_event, decode_json])
def test_a_row_has_the_functions_files_and_lines_that_people_wrote(uploads, decode):
    """They feed the grouping, and two builds of one program have one fingerprint."""
    number = upload_script(uploads, debug_id=DEBUG_ID)
    row = row_of(uploads, with_debug_id(), number, decode)
    assert row["stack_functions"] == ["?", "start", "explode"]
    assert row["stack_filenames"] == ["./src/app.ts"] * 3
    assert row["stack_linenos"] == [8, 6, 2]
    assert row["stack_in_app"] == [True] * 3
    assert row["remarks"] == ["frames:symbolicated"]
    assert b"./src/app.ts" not in row["payload"], "what was sent is kept as it was"
    moved = json.loads(json.dumps(with_debug_id()).replace("app.js", "app.9f8e.js"))
    assert row_of(uploads, moved, number, decode)["fingerprint"] == row["fingerprint"]
    assert row_of(uploads, event())["fingerprint"] != row["fingerprint"]


def test_frames_get_their_column_and_source_lines(uploads):
    upload_script(uploads, debug_id=DEBUG_ID)
    made, problems = symbolicator(uploads).event(with_debug_id(), 1)
    frame = frames_of(made)[-1]
    assert not problems
    assert (frame["lineno"], frame["colno"], frame["abs_path"]) == (2, 3, "webpack://shop/./src/app.ts")
    assert (frame["pre_context"], frame["context_line"]) == (
        ["export function explode(why: string) {"],
        "  throw new Error(why);",
    )
    assert frame["post_context"][0] == "}"
    assert frame["data"]["minified"] == {"function": "a", "path": FRAMES[2]["abs_path"], "lineno": 1, "colno": 15}


def test_without_debug_ids_release_dist_and_url_count(uploads):
    """A file without a dist is for every dist; one with the event's own comes before it."""
    uploads.add("minified_source", "~/static/app.js", b"broken", release="shop@1", dist="other")
    upload_script(uploads, release="shop@1")
    made, _ = symbolicator(uploads).event(event(release="shop@1", dist="7"), 1)
    assert frames_of(made)[-1]["function"] == "explode"
    same, problems = symbolicator(uploads).event(event(release="shop@2"), 1)
    assert frames_of(same) == FRAMES
    assert [problem.reason for problem in problems] == ["no_file"]
    assert symbolicator(uploads).event(event(), 1) == (event(), []), "without a release nothing can be known"


@pytest.mark.parametrize(
    ("script", "reference", "map_url"),
    [
        (b"x", "app.js.map", "~/static/app.js.map"),
        (b"x", "/maps/app.map", "~/maps/app.map"),
        (b"x", "https://cdn.example/app.map", "https://cdn.example/app.map"),
        (b"x\n//@ sourceMappingURL=../m/a.map\n", "", "~/m/a.map"),
        (b"x", "", "~/static/app.js.map"),
    ],
)
def test_the_map_is_where_upload_or_script_say(uploads, script, reference, map_url):
    uploads.add("minified_source", "~/static/app.js", script, release="r", map_reference=reference)
    uploads.add("source_map", map_url, MAP, release="r")
    made, _ = symbolicator(uploads).event(event(release="r"), 1)
    assert frames_of(made)[-1]["filename"] == "./src/app.ts"


def test_a_map_may_stand_in_its_script(uploads):
    inline = b"x\n//# sourceMappingURL=data:application/json;base64," + base64.b64encode(MAP)
    uploads.add("minified_source", "~/static/app.js", inline, release="r")
    made, _ = symbolicator(uploads).event(event(release="r"), 1)
    assert frames_of(made)[-1]["lineno"] == 2


def test_files_in_bundles_are_read_from_the_zip(uploads):
    for kind, url, member in (
        ("minified_source", "~/static/app.js", "files/_/_/app.js"),
        ("source_map", "~/static/app.js.map", "files/_/_/app.js.map"),
    ):
        uploads.add(kind, url, app_bundle(), member=member, debug_id=DEBUG_ID)
    made, _ = symbolicator(uploads).event(with_debug_id(), 1)
    assert frames_of(made)[-1]["function"] == "explode"


@pytest.mark.parametrize(
    ("kind", "content", "member", "reason"),
    [
        ("minified_source", SCRIPT, "", "no_source_map"),
        ("source_map", b"{", "", "bad_source_map"),
        ("source_map", b'{"version":3,"sources":[],"names":[],"mappings":"!!"}', "", "bad_source_map"),
        ("source_map", b"no zip", "member", "file_lost"),
        ("source_map", json.dumps(source_map([(7, 0, 0, 0, 0)], ["a"])).encode(), "", "no_place"),
    ],
)
def test_what_cannot_be_resolved_stays_and_says_why(uploads, kind, content, member, reason):
    uploads.add(kind, "~/static/app.js", content, debug_id=DEBUG_ID, member=member)
    made, problems = symbolicator(uploads).event(with_debug_id(), 1)
    assert made == with_debug_id()
    assert {(problem.reason, problem.debug_id) for problem in problems} == {(reason, DEBUG_ID)}
    assert row_of(uploads, with_debug_id())["remarks"] == ["frames:unsymbolicated"]


def test_a_range_done_again_sees_the_uploads_of_the_first_time(uploads):
    """The number of the newest bundle is pinned with it; the page of the event looks at all."""
    before = row_of(uploads, with_debug_id(), 0)
    number = upload_script(uploads, debug_id=DEBUG_ID)
    assert row_of(uploads, with_debug_id(), 0) == before
    assert row_of(uploads, with_debug_id(), number) != before
    assert frames_of(symbolicator(uploads).event(with_debug_id(), 1)[0])[-1]["function"] == "explode"


def test_events_that_cannot_have_maps_ask_nobody(uploads):
    """Other platforms, other projects without uploads, frames without a place or of the runtime."""
    upload_script(uploads, release="r")
    uploads.asked = 0
    row_of(uploads, event(platform="python", release="r"))
    row_of(uploads, event(release="r"), artifacts=0)
    odd = [{"abs_path": "node:fs", "lineno": 1, "colno": 1}, {"abs_path": "x.js", "lineno": 1}, {"lineno": 3}]
    row_of(uploads, event(release="r", exception={"values": [{"stacktrace": {"frames": odd}}]}))
    assert uploads.asked == 0


@pytest.mark.parametrize(
    "shape",
    [
        {"exception": [{"stacktrace": {"frames": FRAMES}}, None, 7]},
        {"exception": {"stacktrace": {"frames": FRAMES}}},
        {"threads": {"values": [{"stacktrace": {"frames": [*FRAMES, None]}}]}},
        {"stacktrace": {"frames": FRAMES}},
        {"stacktrace": FRAMES},
        {"exception": {"values": "x"}, "stacktrace": {"frames": 5}, "threads": 1},
        {"exception": {"values": [{"stacktrace": None}]}, "debug_meta": {"images": [None, {"type": "sourcemap"}]}},
    ],
)
def test_stacks_are_found_in_every_shape(uploads, shape):
    upload_script(uploads, release="r")
    made, _ = symbolicator(uploads).event({"platform": "node", "release": "r", **shape}, 1)
    assert ("explode" in json.dumps(made)) == ("lineno" in json.dumps(shape))


def test_the_walk_resolves_events_and_profiles_of_projects_with_uploads(uploads):
    number = upload_script(uploads, release="r")
    sample = {"stack_id": 0, "thread_id": "0", "timestamp": NOW_NS // 10**9}
    profile = {"frames": [FRAMES[2]], "stacks": [[0]], "samples": [sample]}
    chunk = {"chunk_id": "c" * 32, "platform": "javascript", "release": "r", "profile": profile}
    sent = envelope(
        ({"type": "event"}, json.dumps(event(release="r")).encode()),
        ({"type": "profile_chunk"}, json.dumps(chunk).encode()),
    )
    batch = processed(raw(sent), config=snapshot(artifacts=number), symbols=symbolicator(uploads))
    assert batch.rows["errors"][0]["stack_functions"][1:] == ["start", "explode"]
    assert batch.rows["profiles"][0]["frames"] == ["explode ./src/app.ts:2"]
    assert batch.rows["errors"][0]["remarks"] == batch.rows["profiles"][0]["remarks"] == ["frames:symbolicated"]
    assert processed(raw(sent)).rows["profiles"][0]["functions"] == ["a"]


def test_maps_are_decoded_once_and_let_go_when_there_is_no_room(uploads):
    upload_script(uploads, release="a")
    upload_script(uploads, release="b")
    maps = SourceMaps(uploads, uploads.blobs, max_bytes=len(MAP) + len(SCRIPT))
    path = FRAMES[0]["abs_path"]
    first = maps.of(Script(1, path, release="a"))
    assert maps.of(Script(1, path, release="a")) is first
    maps.of(Script(1, path, release="b"))
    assert maps.of(Script(1, path, release="a")) is not first


def test_events_do_not_wait_for_a_database_that_is_away(uploads):
    """And it is asked again for the next one."""

    class Away:
        def files_by_debug_id(self, *_):
            raise CapacityError("locked")

    maps = SourceMaps(Away(), uploads.blobs)
    assert maps.of(Script(1, "x", DEBUG_ID)) == Unmapped("index_away")
    maps._index = uploads
    assert maps.of(Script(1, "x", DEBUG_ID)) == Unmapped("no_file")


def test_frames_of_profiles_are_resolved_too(uploads):
    upload_script(uploads, release="r")
    data = {"platform": "javascript", "release": "r", "profile": {"frames": [FRAMES[2], None]}}
    document = decode_json(json.dumps(data).encode())
    made = symbolicator(uploads).profile(document, ProjectConfig(1, "shop", artifacts=9))
    assert made.value["profile"]["frames"][0]["function"] == "explode"
    assert made.value["profile"]["frames"][1] is None
    assert made.text == document.text


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("https://a.b/s/x.js?v=1#f", ["https://a.b/s/x.js?v=1#f", "https://a.b/s/x.js", "~/s/x.js?v=1", "~/s/x.js"]),
        ("app:///dist/x.js", ["app:///dist/x.js", "~/dist/x.js"]),
        ("/srv/x.js", ["/srv/x.js", "~/srv/x.js"]),
        ("./x.js", ["./x.js", "~/x.js"]),
    ],
)
def test_a_script_may_be_uploaded_under_several_names(path, names):
    assert candidates(path) == names


@pytest.mark.parametrize(
    ("url", "reference", "expected"),
    [
        ("~/a/b.js", "b.js.map", "~/a/b.js.map"),
        ("~/a/b.js", "../../c.map", "~/c.map"),
        ("https://x.y/a/b.js", "c.map", "https://x.y/a/c.map"),
        ("app:///a/b.js", "c.map", "app:///a/c.map"),
        ("/a/b.js", "c.map", "/a/c.map"),
    ],
)
def test_a_reference_lies_beside_its_file(url, reference, expected):
    assert beside(url, reference) == expected


@pytest.mark.parametrize(
    ("source", "filename", "abs_path"),
    [
        ("webpack:///./src/a.ts", "./src/a.ts", "webpack:///./src/a.ts"),
        ("webpack://shop/src/a.ts?1", "src/a.ts?1", "webpack://shop/src/a.ts?1"),
        ("../src/a.ts", "src/a.ts", "https://x.y/src/a.ts"),
        ("./a.ts", "a.ts", "https://x.y/js/a.ts"),
        ("https://o.p/q/a.ts", "/q/a.ts", "https://o.p/q/a.ts"),
        ("/home/me/a.ts", "/home/me/a.ts", "/home/me/a.ts"),
    ],
)
def test_sources_are_named_for_people(source, filename, abs_path):
    assert source_names(source, "https://x.y/js/app.js") == (filename, abs_path)
    assert not is_vendor(source)


@pytest.mark.parametrize(
    "source", ["webpack:///./node_modules/a/b.js", "webpack://x/webpack/runtime/c", "../node_modules/x"]
)
def test_libraries_are_not_the_project(source):
    assert is_vendor(source)
