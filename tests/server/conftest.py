"""Fixtures of the server's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.serving import free_ports
from tests.server.processes import Served, initialised, start_server


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Served]:
    """One initialised and served directory for a whole module."""
    data = tmp_path_factory.mktemp("served") / "data"
    port = free_ports()
    facts = initialised(data, "--port", str(port))
    server = start_server(data, port=port)
    server.facts = facts
    yield server
    assert server.stop() == 0, server.log.read_text()
