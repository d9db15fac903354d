"""Spools at rest: with a key nothing can be read off the disk, and nothing is lost when keys change."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import StateError
from engine.spool import SpoolKeys, SpoolReader, SpoolWriter

OLD, NEW = "old" * 12, "new" * 12
SECRET = b"4111 1111 1111 1111"


def keys(text: str) -> SpoolKeys:
    """Keys of a setting's text."""
    return SpoolKeys.from_text(text)


def written(directory: Path, payloads: list[bytes], text: str) -> None:
    """Append records with the keys of a text."""
    writer = SpoolWriter(directory, keys=keys(text))
    writer.append_many(payloads)
    writer.close()


def read(directory: Path, text: str) -> list[bytes]:
    """All payloads, with the keys of a text."""
    return [record.payload for record in SpoolReader(directory, keys(text)).read(None)]


def on_disk(directory: Path) -> bytes:
    """Every byte of the segments."""
    return b"".join(path.read_bytes() for path in sorted(directory.glob("*.seg")))


def test_what_is_written_with_a_key_is_read_with_it_alone(tmp_path: Path) -> None:
    """On the disk stands nothing of it, and only its owner may read the file."""
    written(tmp_path, [SECRET, SECRET, b""], NEW)
    assert SECRET not in on_disk(tmp_path)
    assert read(tmp_path, NEW) == [SECRET, SECRET, b""]
    assert [path.stat().st_mode & 0o077 for path in tmp_path.glob("*.seg")] == [0]


def test_a_key_may_come_change_and_go(tmp_path: Path) -> None:
    """Records of each time are read as long as their key is among the set ones; the first one writes."""
    written(tmp_path, [b"plain"], "")
    written(tmp_path, [b"old"], OLD)
    written(tmp_path, [b"new"], f"{NEW},{OLD}")
    written(tmp_path, [b"plain again"], "")
    assert read(tmp_path, f"{NEW}, {OLD}") == [b"plain", b"old", b"new", b"plain again"]
    assert read(tmp_path, f"{OLD},{NEW}") == [b"plain", b"old", b"new", b"plain again"]


@pytest.mark.parametrize("text", ["", NEW])
def test_without_its_key_a_record_waits(tmp_path: Path, text: str) -> None:
    """What stands before it is read, then the error says which key is missing; with the key reading goes on there."""
    written(tmp_path, [b"plain"], "")
    written(tmp_path, [b"a", b"b"], OLD)
    reader = SpoolReader(tmp_path, keys(text))
    first = reader.read(None)
    assert [record.payload for record in first] == [b"plain"]
    with pytest.raises(StateError, match="which is not set") as caught:
        reader.read(first[-1].next)
    assert caught.value.code == "spool-key-unknown"
    assert "AMBER_SPOOL_KEY" in (caught.value.hint or "")
    assert reader.damage == ()
    again = SpoolReader(tmp_path, keys(f"{NEW},{OLD}")).read(first[-1].next)
    assert [record.payload for record in again] == [b"a", b"b"]


def test_a_record_changed_on_the_disk_is_damage(tmp_path: Path) -> None:
    """Also when its checksum was made to fit: the neighbours are read, the record is noted."""
    writer = SpoolWriter(tmp_path, keys=keys(NEW))
    positions = writer.append_many([b"first", b"second", b"third"])
    writer.close()
    path = next(tmp_path.glob("*.seg"))
    data = bytearray(path.read_bytes())
    start, end = positions[1].offset, positions[2].offset
    from engine.spool._format import frame

    body = bytearray(data[start + 8 : end])
    body[-1] ^= 1
    data[start:end] = frame(bytes(body))
    path.write_bytes(data)
    reader = SpoolReader(tmp_path, keys(NEW))
    assert [record.payload for record in reader.read(None)] == [b"first", b"third"]
    assert [damage.position for damage in reader.damage] == [positions[1]]


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=6), st.data())
@settings(max_examples=40, deadline=None)
def test_a_torn_tail_of_an_encrypted_segment_is_cut_off(
    tmp_path_factory: pytest.TempPathFactory, payloads: list[bytes], data: st.DataObject
) -> None:
    """Wherever a crash tore it: the records before are whole, and the next writer goes on behind them."""
    directory = tmp_path_factory.mktemp("torn")
    writer = SpoolWriter(directory, keys=keys(NEW))
    positions = writer.append_many(payloads)
    writer.close()
    path = next(directory.glob("*.seg"))
    size = path.stat().st_size
    cut = data.draw(st.integers(0, size))
    os.truncate(path, cut)
    ends = [*(position.offset for position in positions[1:]), size]
    whole = [payload for payload, end in zip(payloads, ends, strict=True) if end <= cut]
    assert read(directory, NEW) == whole
    written(directory, [b"next"], NEW)
    assert read(directory, NEW) == [*whole, b"next"]


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=8))
@settings(max_examples=40, deadline=None)
def test_sealed_records_come_back_and_nobody_elses_key_opens_them(payloads: list[bytes]) -> None:
    """For any payload; each record is different, whatever it holds."""
    sealer = keys(NEW).sealer()
    assert sealer is not None
    sealed = [sealer.sealed(payload) for payload in payloads]
    assert [keys(f"{OLD},{NEW}").unsealed(record) for record in sealed] == payloads
    assert len(set(sealed)) == len(sealed)
    with pytest.raises(StateError):
        keys(OLD).unsealed(sealed[0])


def test_short_keys_are_refused() -> None:
    """With what to do instead; no text is no key."""
    with pytest.raises(ValueError, match="openssl rand -hex 32"):
        keys(f"{NEW},short")
    assert keys(" , ") == SpoolKeys()
