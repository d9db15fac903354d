"""Content encodings: what real clients send is read, and nothing can make the server hold more than the cap."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from contextlib import suppress

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from ingest.encodings import decompress, normal_encoding
from ingest.errors import Malformed, TooLarge

MIB = 1024 * 1024


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


ENCODERS = {
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "raw": raw_deflate,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}
NAMES = {"zlib": "deflate", "raw": "deflate"}


@pytest.mark.parametrize("how", ENCODERS)
@given(data=st.binary(max_size=5000))
def test_what_was_compressed_comes_back(how: str, data: bytes) -> None:
    """Every encoding, deflate with and without its zlib header, gives back exactly what went in."""
    assert decompress(ENCODERS[how](data), NAMES.get(how, how), MIB) == data


@pytest.mark.parametrize("how", ["gzip", "zlib", "br", "zstd"])
@given(data=st.binary(min_size=1, max_size=2000), cut=st.integers(1, 10_000))
def test_a_stream_cut_short_is_refused(how: str, data: bytes, cut: int) -> None:
    """A body that ends early is 400, never a shorter event."""
    packed = ENCODERS[how](data)
    with pytest.raises(Malformed):
        decompress(packed[: cut % len(packed)], NAMES.get(how, how), MIB)


@pytest.mark.parametrize("how", ["gzip", "deflate", "br", "zstd"])
@given(data=st.binary(max_size=300))
def test_any_bytes_are_decoded_or_refused(how: str, data: bytes) -> None:
    """Garbage makes a refusal, never another error."""
    with suppress(Malformed, TooLarge):
        decompress(data, how, MIB)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (None, "identity"),
        ("", "identity"),
        ("UTF-8", "identity"),
        ("identity", "identity"),
        ("snappy", "identity"),
        ("x-gzip", "gzip"),
        ("GZip ", "gzip"),
        ("deflate", "deflate"),
        ("br", "br"),
        ("zstd", "zstd"),
    ],
)
def test_the_encodings_clients_name(header: str | None, name: str) -> None:
    """sentry-ruby sends an empty header, old Android `UTF-8`: both mean identity, as does what is unknown."""
    assert normal_encoding(header) == name


@pytest.mark.parametrize("how", ["gzip", "zlib", "raw", "br", "zstd"])
def test_a_bomb_is_refused_at_the_cap_without_memory_growth(how: str) -> None:
    """64 MiB of zeros in a few kilobytes cost no more than the cap and a few chunks."""
    bomb = ENCODERS[how](bytes(64 * MIB))
    tracemalloc.start()
    with pytest.raises(TooLarge) as refusal:
        decompress(bomb, NAMES.get(how, how), 4 * MIB)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refusal.value.http_status == 413
    assert peak < 24 * MIB


def test_real_traffic_that_shrinks_sixty_times_is_no_bomb() -> None:
    """@sentry/node sent 124 KB in 2 KB of gzip."""
    body = b'{"message": "' + b"x" * 124_000 + b'"}'
    assert decompress(gzip.compress(body), "gzip", MIB) == body


def test_gzip_members_follow_each_other() -> None:
    """RFC 1952: a gzip stream is one or more members."""
    assert decompress(gzip.compress(b"one ") + gzip.compress(b"two"), "gzip", MIB) == b"one two"


def test_zstd_frames_follow_each_other() -> None:
    """RFC 8878: frames are concatenated."""
    pack = zstandard.ZstdCompressor().compress
    assert decompress(pack(b"one ") + pack(b"two"), "zstd", MIB) == b"one two"


def test_an_identity_body_is_capped_too() -> None:
    """The cap is on what is decoded, however it was sent."""
    with pytest.raises(TooLarge):
        decompress(bytes(11), "identity", 10)
