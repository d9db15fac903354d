"""The API for verbs that do more than ask: that of a server, or our own over the data directory when none lives."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from amber import error_from_problem
from server.api_client import ApiClient
from server.cli.options import settings_from
from server.cli.target import sdk_errors, server_of
from server.runfile import reach_server
from server.settings import Settings

Call = Callable[[str, str, dict[str, Any] | None], dict[str, Any]]
"""Method, path below the address, and body -> the document."""

_TOKEN = "the-owner-of-the-directory"  # noqa: S105 - known to this process alone, which listens nowhere


@contextmanager
def opened_api(data: Path | None, url: str | None, token: str | None, config: Path | None) -> Iterator[Call]:
    """Give what calls the API a verb's options name; errors come out as the command line shows them."""
    named = server_of(data, url, token)
    with sdk_errors():
        if named is not None:
            yield named.call
            return
        settings = settings_from(config, data=data)
        server = reach_server(settings.data)
        if server is not None:
            yield ApiClient(server.url, server.token).call
            return
        with _own(settings) as call:
            yield call


@contextmanager
def _own(settings: Settings) -> Iterator[Call]:
    # Start-up time: beside a server neither the engine nor the application is needed.
    from server.compose import opened, ready_writer  # noqa: PLC0415
    from server.http.app import create_app  # noqa: PLC0415
    from server.web_whole import services_of  # noqa: PLC0415

    with opened(settings) as installation:
        services = services_of(installation, ready_writer(installation), _TOKEN)
        client = create_app(services).test_client(use_cookies=False)
        headers = {"Authorization": f"Bearer {_TOKEN}", "Content-Type": "application/json"}

        def call(method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
            sent = None if body is None else json.dumps(body)
            response = client.open(path, method=method, data=sent, headers=headers)
            document: dict[str, Any] = json.loads(response.get_data() or b"{}")
            if response.status_code >= 400:
                raise error_from_problem(document, status=response.status_code, text="")
            return document

        try:
            yield call
        finally:
            services.queries.close()
