"""`/api/v1/ingest/<dataset>` on the web port: the same lines as on the ingest port, with API tokens besides keys."""

from __future__ import annotations

from http import HTTPMethod
from typing import Any

from flask import Response, request
from pydantic import BaseModel, Field

from engine.errors import StateError
from ingest.calls import Call
from ingest.endpoints import answer_to
from ingest.http import response_of
from ingest.native.door import NATIVE_ENDPOINTS, STATSD
from ingest.native.lines import NATIVE_DATASETS
from server.http.access import public
from server.http.documents.common import CONFLICT, Document
from server.http.routes import Routes
from server.http.services import Services

_OWN_CHECK = public("A key of the project, or a token with the scope `ingest:write`; ingest checks it.")


class DatasetPath(BaseModel):
    """What the lines are."""

    dataset: str = Field(description=f"One of {', '.join((*NATIVE_DATASETS, STATSD))}.")


class BadLineDocument(Document):
    """A line that cannot become a row."""

    line: int = Field(description="Its number, from 1.")
    reason: str


class Taken(Document):
    """What became of the lines."""

    accepted: int
    rejected: int
    errors: list[BadLineDocument] = Field(description="The first hundred of those rejected.")
    errors_truncated: bool


def _refusal(description: str) -> dict[str, Any]:
    """Describe a refusal in the form of the client protocol: `detail` and `causes`."""
    return {"description": description, "content": {"application/json": {"schema": {"type": "object"}}}}


def native_routes(services: Services) -> Routes:
    """Return the route of native ingest."""
    routes = Routes("native-ingest", "Send data of any dataset, line by line.")
    endpoint = NATIVE_ENDPOINTS[0]

    @routes.on(
        HTTPMethod.POST,
        "/ingest/<dataset>",
        _OWN_CHECK,
        {
            200: Taken,
            400: _refusal("No line is good (the body is as of 200), or the body cannot be read."),
            401: _refusal("No key and no token."),
            403: _refusal("The key or token may not send to this project."),
            404: _refusal("There is no such dataset to send to."),
            413: _refusal("More than 64 MiB, or too many lines."),
            429: _refusal("The rate limit of the project or key is reached; nothing was stored."),
            503: _refusal("There is no room on the disk; nothing was stored."),
            **CONFLICT,
        },
    )
    def ingest_lines(path: DatasetPath) -> Response:
        """Take lines of a dataset: NDJSON, a JSON list, an Arrow stream, or statsd lines.

        Members are named as fields in Discover; what has no name becomes a tag. `?project=` says where a token sends
        to. With `Idempotency-Key` the same request may be sent again: its lines count once. Bad lines are told by
        number, the good ones are stored; when there is no good one the answer is 400.
        """
        if services.edge is None:
            raise StateError("Nothing is taken here.", code="no-ingest")
        return response_of(answer_to(endpoint, services.edge, Call(request.environ, {"dataset": path.dataset})))

    return routes
