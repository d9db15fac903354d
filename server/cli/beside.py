"""What a verb that reads talks to: the server that is named or runs on the directory, else the directory itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from engine.datadir import DataDirectory
from server.api_client import ApiClient
from server.cli.options import settings_from
from server.cli.target import sdk_errors, server_of
from server.runfile import reach_server

if TYPE_CHECKING:
    from server.compose import Installation


@contextmanager
def served_or_opened(
    data: Path | None, url: str | None, token: str | None, config: Path | None
) -> Iterator[ApiClient | Installation]:
    """Give the API of a server, or an installation opened for the length of the block.

    Raises:
        UserError: the options contradict each other.
        StateError: the directory is none, or belongs to another process that does not serve.
    """
    with sdk_errors():
        named = server_of(data, url, token)
        settings = settings_from(config, data=data)
        server = None if named is not None else reach_server(settings.data)
        if named is not None or server is not None:
            yield named if named is not None else ApiClient(server.url, server.token)  # type: ignore[union-attr]
            return
    DataDirectory.at(settings.data).check()
    # Start-up time: a served directory needs neither the engine nor the compiler.
    from server.compose import opened  # noqa: PLC0415

    with opened(settings) as installation:
        yield installation
