"""Where a question goes: the data directory, through its server when one lives, or a server by URL and token."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

import amber
from amber._errors import caret_picture
from server.api_client import ApiClient
from server.cli.failures import ACCESS, CAPACITY, INTERNAL, INTERRUPTED, STATE, USAGE, Shown
from server.cli.options import settings_from
from server.embedded import EmbeddedTransport

UrlOption = Annotated[str | None, typer.Option("--url", help="A server's address, instead of a data directory.")]
TokenOption = Annotated[str | None, typer.Option("--token", help="The token for --url; better in AMBER_TOKEN.")]

_QUERY_STATUS = {409: STATE, 422: CAPACITY, 429: CAPACITY, 503: CAPACITY}


class Target:
    """What answers: a transport for questions, and the API behind it when there is a server.

    Args:
        transport: answers questions.
        api: the server's API, None when this process has the directory open itself.
    """

    def __init__(self, transport: amber.HttpTransport | EmbeddedTransport, api: ApiClient | None) -> None:
        self.client = amber.Client(transport)
        self._transport = transport
        self._api = api

    def explain(self, request: amber.QueryRequest) -> Mapping[str, Any]:
        """Return what a question would do and cost, as `/api/v1/query/explain` says it."""
        if isinstance(self._transport, EmbeddedTransport) and self._api is None:
            return self._transport.explain(request)
        language = "query" if request.language == "discover" else "sql"
        body = {language: request.text, "project": list(request.project), "params": dict(request.params or {})}
        assert self._api is not None
        return self._api.call("POST", "/api/v1/query/explain", body, text=request.text)

    def check(self, request: amber.QueryRequest) -> Sequence[Mapping[str, Any]]:
        """Return what is wrong or odd in a text, as `/api/v1/query/check` says it."""
        if isinstance(self._transport, EmbeddedTransport) and self._api is None:
            return self._transport.check(request)
        assert self._api is not None
        body = {"query": request.text, "project": list(request.project), "params": dict(request.params or {})}
        found: Sequence[Mapping[str, Any]] = self._api.call("POST", "/api/v1/query/check", body)["diagnostics"]
        return found


@contextmanager
def opened_target(
    data: Path | None, url: str | None, token: str | None, config: Path | None = None
) -> Iterator[Target]:
    """Open what a verb's options name; errors of the SDK come out as the command line shows them."""
    with sdk_errors():
        target = _target(data, url, token, config)
        try:
            yield target
        finally:
            target.client.close()


def _target(data: Path | None, url: str | None, token: str | None, config: Path | None) -> Target:
    named = server_of(data, url, token)
    if named is None or url is None:
        transport = EmbeddedTransport(settings_from(config, data=data).data)
        server = transport.server
        return Target(transport, None if server is None else ApiClient(server.url, server.token))
    return Target(amber.HttpTransport(url, _secret(token)), named)


def server_of(data: Path | None, url: str | None, token: str | None) -> ApiClient | None:
    """Return the API of the server that --url names, None without one; both --data and --url are refused."""
    if url is None:
        return None
    if data is not None:
        raise Shown("Give --data or --url, not both.", code="options-conflict", status=USAGE)
    with sdk_errors():
        return ApiClient(url, _secret(token))


def _secret(token: str | None) -> str | None:
    return token or os.environ.get("AMBER_TOKEN")


@contextmanager
def sdk_errors() -> Iterator[None]:
    """Turn errors of the SDK into what the command line shows, with the text and a caret line below the place."""
    try:
        yield
    except amber.AmberError as error:
        picture: tuple[str, ...] = ()
        if isinstance(error, amber.QueryError) and error.span is not None and error.text:
            picture = tuple(caret_picture(error.text, error.span))
        raise Shown(
            error.message, code=error.code, hint=error.suggestion, picture=picture, status=_status(error)
        ) from error


def _status(error: amber.AmberError) -> int:
    if isinstance(error, amber.QueryError):
        return _QUERY_STATUS.get(error.status, USAGE if error.status < 500 else INTERNAL)
    kinds = ((amber.AuthError, ACCESS), (amber.QueryCancelled, INTERRUPTED), (amber.ConnectionFailed, STATE))
    return next((status for kind, status in kinds if isinstance(error, kind)), USAGE)
