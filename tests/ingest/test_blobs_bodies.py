"""Large request bodies are received into a file, framed as small ones are, and their large items become blobs."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from ingest.blobs.bodies import INLINE_BYTES, Bodies
from ingest.blobs.decoding import decoded
from ingest.blobs.waiting import WaitingFiles
from ingest.encodings import decompress
from ingest.envelope import parse_envelope, print_envelope
from ingest.errors import Malformed, TooLarge

_ENCODERS = {
    "identity": bytes,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


def _chunks(body: bytes, size: int) -> list[bytes]:
    return [body[i : i + size] for i in range(0, len(body), size)]


def _outcome(parse):
    try:
        return parse()
    except Malformed as error:
        return error.causes


def _received(tmp_path, body: bytes, max_bytes: int = 2**30):
    return Bodies(WaitingFiles(tmp_path / "waiting"), tmp_path / "incoming").receive([body], "identity", max_bytes)


@pytest.mark.parametrize("encoding", _ENCODERS)
@given(st.binary(max_size=3000), st.integers(1, 40), st.integers(1, 700))
def test_a_body_is_decoded_alike_in_pieces_of_any_size_and_as_a_whole(encoding, content, repeats, size):
    body = _ENCODERS[encoding](content * repeats)
    assert b"".join(decoded(_chunks(body, size), encoding, 2**30)) == decompress(body, encoding, 2**30)


@pytest.mark.parametrize("encoding", [name for name in _ENCODERS if name != "identity"])
def test_a_compressed_body_that_ends_early_or_grows_beyond_the_limit_is_refused(encoding):
    body = _ENCODERS[encoding](b"amber " * 200_000)
    with pytest.raises(Malformed, match="invalid content encoding"):
        list(decoded(_chunks(body[:-9], 50), encoding, 2**30))
    with pytest.raises(TooLarge):
        list(decoded(_chunks(body, 50), encoding, 100_000))


@given(st.lists(st.tuples(st.sampled_from(["event", "attachment", "x"]), st.binary(max_size=60), st.booleans())))
def test_framing_in_a_file_is_framing_in_memory(tmp_path_factory, items):
    """Also with implicit lengths, where a payload ends at its first line feed."""
    lines = [b"{}"]
    for name, payload, with_length in items:
        length = b',"length":%d' % len(payload) if with_length else b""
        lines += [b'{"type":"%s"%s}' % (name.encode(), length), payload if with_length else payload.split(b"\n")[0]]
    body = b"\n".join(lines)
    with _received(tmp_path_factory.mktemp("b"), body) as received:
        assert _outcome(received.envelope) == _outcome(lambda: parse_envelope(body))


def test_a_large_attachment_becomes_a_blob_and_its_neighbours_stay_in_the_record(tmp_path):
    """What looks like an item inside the attachment is its content."""
    large = b'\n{"type":"event"}\n{}\r\n\x00' * (INLINE_BYTES // 10)
    items = (({"type": "event"}, b"{}"), ({"type": "attachment", "filename": "a"}, large), ({"type": "x"}, b"y"))
    body = print_envelope({"event_id": "1" * 32}, items)
    bodies = Bodies(WaitingFiles(tmp_path / "waiting"), tmp_path / "incoming")
    with bodies.receive(_chunks(gzip.compress(body), 1000), "gzip", 2**30) as received:
        envelope = received.envelope()
        assert [item.size for item in envelope.items] == [2, len(large), 1]
        small, blobs = bodies.keep(received, envelope)
    assert len(small) < 300
    assert [item.payload for item in parse_envelope(small).items] == [b"{}", b"", b"y"]
    assert parse_envelope(small).items[1].header["filename"] == "a"
    (blob,) = blobs
    assert (blob.index, blob.size) == (1, len(large))
    assert blob.sha256 == hashlib.sha256(large).hexdigest()
    with WaitingFiles(tmp_path / "waiting").open(blob.file) as stored:
        assert stored.read() == large
    assert not list((tmp_path / "incoming").iterdir())


def test_json_containers_stay_in_the_record_until_they_are_too_many(tmp_path):
    span = {"type": "span", "content_type": "x"}
    body = print_envelope({}, ((span, b"a" * (2 * INLINE_BYTES)),))
    with _received(tmp_path, body) as received:
        assert received.envelope().items[0].payload == b"a" * (2 * INLINE_BYTES)
    with (
        _received(tmp_path, print_envelope({}, tuple((span, b"a" * (9 * INLINE_BYTES)) for _ in range(4)))) as received,
        pytest.raises(TooLarge, match="envelope is too large"),
    ):
        received.envelope()


def test_a_part_of_a_body_is_read_in_any_steps(tmp_path):
    with _received(tmp_path, b"0123456789") as received:
        stream = received.stream()
        assert [stream.read(3), stream.read(3), stream.read(), stream.read(1)] == [b"012", b"345", b"6789", b""]
        assert io.BytesIO(received.read()).getvalue() == b"0123456789"
