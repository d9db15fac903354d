"""Frames of native programs are looked up in uploaded debug files: functions, lines, and what was inlined."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from symbolic.debuginfo import Archive

from engine.artifacts import DEBUG_FILE
from engine.blobs import FileBlobStore
from engine.snapshot import ProjectConfig
from ingest.jsontext import decode_json, encode_json
from ingest.symbols import NativeFiles, SourceMaps, Symbolicator
from ingest.symbols.native import Image, address_of, images_of
from server.http.debug_files import debug_id_of
from tests.ingest.helpers import NOW_NS
from tests.ingest.source_maps import Uploads

SOURCE = """static inline __attribute__((always_inline)) int inner(int *p) { return *p + 1; }
int outer(int n) {
  return inner((int *)(long)n);
}
int main(int argc, char **argv) {
  return outer(0);
}
"""
BASE = 0x5500_0000_0000


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program with a crash in an inlined function, compiled here."""
    missing = [tool for tool in ("gcc", "nm", "addr2line") if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"no {' and '.join(missing)}: apt-get install gcc binutils")
    folder = tmp_path_factory.mktemp("native")
    (folder / "crash.c").write_text(SOURCE)
    options = ["-g", "-O0", "-Wl,--build-id", "-o", "crash"]
    subprocess.run(["gcc", *options, "crash.c"], cwd=folder, check=True, capture_output=True)
    return folder / "crash"


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    return Uploads(FileBlobStore(tmp_path))


def addresses(program: Path) -> dict[str, int]:
    """Addresses of functions in the file."""
    listed = subprocess.run(["nm", str(program)], check=True, capture_output=True, text=True).stdout
    return {words[2]: int(words[0], 16) for line in listed.splitlines() if len(words := line.split()) == 3}


def crash(debug_id: str, *at: int, size: int = 0x10000) -> dict[str, Any]:
    """An event with frames at addresses of the program, the innermost last."""
    image = {
        "type": "elf",
        "image_addr": hex(BASE),
        "image_size": size,
        "debug_id": debug_id,
        "code_file": "/usr/bin/crash",
    }
    frames = [{"function": "<unknown>", "instruction_addr": hex(BASE + address)} for address in at]
    exception = {"type": "SIGSEGV", "value": "Segfault", "stacktrace": {"frames": frames}}
    return {
        "event_id": "e" * 32,
        "timestamp": NOW_NS // 10**9,
        "platform": "native",
        "exception": {"values": [exception]},
        "debug_meta": {"images": [image]},
    }


def frames_of(event: dict[str, Any]) -> list[tuple[Any, ...]]:
    frames = event["exception"]["values"][0]["stacktrace"]["frames"]
    return [(frame["function"], frame.get("filename"), frame.get("lineno")) for frame in frames]


def told_by_binutils(program: Path, address: int) -> list[tuple[str, str, int]]:
    """Functions, files and lines of an address, the outermost first, as `addr2line` says."""
    command = ["addr2line", "-f", "-i", "-s", "-e", str(program), hex(address)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    places = [place.split(" ")[0].rpartition(":") for place in lines[1::2]]
    pairs = zip(lines[::2], places, strict=True)
    return [(name, file, int(line)) for name, (file, _, line) in reversed(list(pairs))]


def test_addresses_become_functions_and_lines(program: Path, uploads: Uploads) -> None:
    """As binutils reads the same program: callers by the call before the address, inlined calls as frames."""
    debug_id = str(next(iter(Archive.open(str(program)).iter_objects())).debug_id)
    uploads.add(DEBUG_FILE, "crash", program.read_bytes(), debug_id=debug_id_of(debug_id))
    at = addresses(program)
    inlined = next(a for a in range(at["outer"], at["outer"] + 64) if len(told_by_binutils(program, a)) == 2)
    sent = crash(debug_id, at["main"] + 1, inlined)
    symbols = Symbolicator(SourceMaps(uploads, uploads.blobs), NativeFiles(uploads, uploads.blobs))
    document = decode_json(encode_json(sent))
    found = symbols.document(document, ProjectConfig(1, "shop", artifacts=1))
    wanted = [*told_by_binutils(program, at["main"]), *told_by_binutils(program, inlined)]
    assert [name for name, _, _ in wanted] == ["main", "outer", "inner"]
    assert frames_of(found.value) == wanted
    assert found.remarks == ("frames:symbolicated",)
    assert found.text is document.text, "what is stored stays as it was sent"
    innermost = found.value["exception"]["values"][0]["stacktrace"]["frames"][-1]
    assert (innermost["package"], innermost["data"]["symbolicated"]) == ("/usr/bin/crash", True)
    outside = crash(debug_id, at["main"], size=16)
    assert symbols.event(outside, 1)[0] is outside, "the address lies in no image"


@pytest.mark.parametrize("content", [b"", b"\x7fELF" + b"\xff" * 400, b"no program"])
def test_what_is_no_debug_file_resolves_nothing(uploads: Uploads, content: bytes) -> None:
    """Uploads are files of strangers: a broken one leaves the frames as they were."""
    uploads.add(DEBUG_FILE, "broken", content, debug_id="a" * 32)
    symbols = Symbolicator(SourceMaps(uploads, uploads.blobs), NativeFiles(uploads, uploads.blobs))
    sent = crash("a" * 32, 0x1000)
    assert symbols.event(sent, 1) == (sent, [])


def test_odd_images_and_addresses_are_passed_over() -> None:
    odd: list[Any] = [None, 7, {"type": "elf"}, {"type": "elf", "debug_id": "x", "image_addr": "0x1"}]
    odd += [{"type": "elf", "debug_id": "b" * 32, "image_addr": value} for value in ("0xzz", -1, 2**64, None, [1])]
    good = {"type": "macho", "uuid": "c" * 32, "image_addr": 4096, "image_size": "0x10"}
    assert images_of({"debug_meta": {"images": [*odd, good]}}) == [Image(4096, 16, "c" * 32, "")]
    assert images_of({"debug_meta": 1}) == []
    assert [address_of(value) for value in ("0x10", "16", 16, True, "", 1.5)] == [16, 16, 16, None, None, None]


@pytest.mark.parametrize(
    ("sent", "debug_id"),
    [
        ("1e8a1989-86fe-9701-1414-792bf956ef30", "1e8a198986fe97011414792bf956ef30"),
        ("3249D99D-0C40-4931-8610-F4E4FB0B6936-1", "3249d99d0c4049318610f4e4fb0b6936"),
        ("3249d99d0c4049318610f4e4fb0b69361", "3249d99d0c4049318610f4e4fb0b6936"),
        ("00000000-0000-0000-0000-000000000000", ""),
        ("no id", ""),
        (None, ""),
    ],
)
def test_a_debug_id_is_read_without_its_age(sent: str | None, debug_id: str) -> None:
    assert debug_id_of(sent) == debug_id
