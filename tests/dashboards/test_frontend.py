"""The built scripts and styles: they type-check, their tests pass, and they bring what they should and nothing else."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import brotli
import pytest

from dashboards.bundle import built_files, css_dist, js_dist, version
from tests.dashboards.fake import fake_app

ROOT = Path(__file__).parents[2]
FRONTEND = ROOT / "dashboards" / "frontend"
ASSETS = ROOT / "dashboards" / "assets"
FIRST_LOAD_BYTES = 450_000
"""Most compressed bytes of scripts and styles before the first page shows (the design's budget)."""

NOT_FETCHED = {
    "www.w3.org": "names of XML namespaces",
    "www.ag-grid.com": "addresses inside error texts of the grid",
    "codemirror.net": "an address inside an error text of the editor",
    "developer.mozilla.org": "an address inside a comment",
    "evilmartians.com": "an address inside an error text of the player's style parser",
    "www.w3ctech.com": "an address inside an error text of the player's style parser",
}
"""Hosts whose names may stand in built files, because nothing is fetched from there."""


def _npm(*arguments: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["npm", "run", "--silent", *arguments],
        cwd=FRONTEND,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def test_the_types_of_the_scripts_are_right() -> None:
    """`npm run check`, with every strict option of the compiler."""
    done = _npm("check")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_pure_logic_of_the_scripts_does_what_its_tests_say() -> None:
    """`npm test`, under Node's own runner."""
    done = _npm("test")
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]


def test_built_files_name_no_host_that_is_fetched() -> None:
    """An installation without a network works; the browser tests hold the pages to it as well."""
    found: dict[str, set[str]] = {}
    for name in built_files():
        if name.endswith((".js", ".css")):
            text = (ASSETS / name).read_text("utf-8")
            for host in re.findall(r"https?://([a-zA-Z0-9.-]+\.[a-z]{2,})", text):
                found.setdefault(host, set()).add(name)
    assert set(found) <= set(NOT_FETCHED) | {"amber.example", "example.com", "example.org"}, found


def test_every_library_in_the_bundle_ships_with_its_licence() -> None:
    """Found from what was bundled, not from a list somebody keeps."""
    text = (ASSETS / "THIRD_PARTY.txt").read_text("utf-8")
    for name in ("@rrweb/replay", "ag-grid-community", "@codemirror/view", "uplot", "@lezer/common", "style-mod"):
        assert f"\n{name} " in text, name
    assert text.count("Permission is hereby granted") >= 10


def test_only_the_main_script_and_sheet_load_at_once() -> None:
    """The big libraries come when a page needs them, under names a browser may keep for ever."""
    at_once = [entry["relative_package_path"] for entry in js_dist() if not entry.get("dynamic")]
    assert at_once == ["assets/amber_ui.js"]
    assert [entry["relative_package_path"] for entry in css_dist()] == ["assets/amber_ui.css"]
    manifest = json.loads((ASSETS / "manifest.json").read_text())
    assert manifest["version"] == version()
    assert {"discover/editor", "discover/chart", "discover/grid"} <= set(manifest["lazy"])
    assert all(re.search(r"-[A-Z0-9]{8}\.js$", file) for file in manifest["lazy"].values())


def test_the_first_load_keeps_its_budget() -> None:
    """All scripts and styles of the document, compressed as they go over the wire, Dash's own included."""
    client = fake_app()[0].test_client()
    headers = {"Accept-Encoding": "br"}
    document = client.get("/app/").get_data(as_text=True)
    urls = re.findall(r'(?:src|href)="(/app/_dash-component-suites/[^"]+)"', document)
    assert not [url for url in urls if "/dcc/" in url or "/dash_table/" in url]
    sizes = {url: len(client.get(url, headers=headers).get_data()) for url in urls}
    assert sum(sizes.values()) <= FIRST_LOAD_BYTES, sizes
    lazy = json.loads((ASSETS / "manifest.json").read_text())["lazy"]
    for file in lazy.values():
        answer = client.get(f"/app/_dash-component-suites/dashboards/assets/{file}", headers=headers)
        assert answer.headers["Content-Encoding"] == "br"
        assert "immutable" in answer.headers["Cache-Control"]


def test_a_browser_without_brotli_gets_the_plain_file() -> None:
    """And a cached compressed body is never sent to it."""
    client = fake_app()[0].test_client()
    url = re.findall(r'src="([^"]+amber_ui[^"]+\.js)"', client.get("/app/").get_data(as_text=True))[0]
    client.get(url, headers={"Accept-Encoding": "br"})
    plain = client.get(url)
    assert "Content-Encoding" not in plain.headers
    assert plain.get_data() == (ASSETS / "amber_ui.js").read_bytes()


def test_a_file_is_compressed_once_under_whatever_version_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dash takes any version in a name: nobody shall fill the memory with copies."""
    made: list[int] = []
    original = brotli.compress

    def compress(body: bytes, quality: int) -> bytes:
        made.append(len(body))
        packed: bytes = original(body, quality=quality)
        return packed

    monkeypatch.setattr("dashboards.delivery.brotli.compress", compress)
    client = fake_app()[0].test_client()
    for number in range(3):
        url = f"/app/_dash-component-suites/dashboards/assets/amber_ui.v{number}m{number}.js"
        answer = client.get(url, headers={"Accept-Encoding": "br"})
        assert brotli.decompress(answer.get_data()) == (ASSETS / "amber_ui.js").read_bytes()
    assert len(made) == 1


@pytest.mark.parametrize("path", ["dashboards/assets/unknown.js", "dashboards/../../../etc/passwd", "os/path.py"])
def test_a_file_that_is_not_served_is_not_found(path: str) -> None:
    """And no defect: anybody may ask, so that each would be a trace in the log."""
    assert fake_app()[0].test_client().get(f"/app/_dash-component-suites/{path}").status_code == 404


def test_versions_are_exact_and_the_lock_file_names_no_addresses() -> None:
    """The same libraries everywhere, from whatever registry npm is set up for."""
    package = json.loads((FRONTEND / "package.json").read_text())
    versions = {**package["dependencies"], **package["devDependencies"]}
    assert [name for name, wanted in versions.items() if not re.fullmatch(r"\d+\.\d+\.\d+", wanted)] == []
    assert '"resolved"' not in (FRONTEND / "package-lock.json").read_text()


@pytest.mark.parametrize("changed", ["src/index.ts", "package-lock.json", "scripts/build.mjs"])
def test_a_wheel_is_built_anew_when_a_source_is_newer(tmp_path: Path, changed: str) -> None:
    """The build hook takes a bundle as it is only when it is newer than all it is made of."""
    from hatch_build import is_fresh

    for name in ("frontend/src/index.ts", "frontend/package-lock.json", "frontend/scripts/build.mjs"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
        os.utime(file, (1000, 1000))
    assets = tmp_path / "assets"
    assert not is_fresh(tmp_path / "frontend", assets)
    assets.mkdir()
    (assets / "manifest.json").write_text("{}")
    os.utime(assets / "manifest.json", (2000, 2000))
    assert is_fresh(tmp_path / "frontend", assets)
    os.utime(tmp_path / "frontend" / changed, (3000, 3000))
    assert not is_fresh(tmp_path / "frontend", assets)
