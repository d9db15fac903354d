"""Blueprints of the API: a route says its access, its models and its answers; requests are checked before it runs.

flask_openapi3 describes the routes, when somebody asks for the description: importing it takes a twentieth of the start
of a server. It is not asked to check requests: it derives JSON schemas anew for each one (about a millisecond), and it
reports a wrong body without saying which member is meant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPMethod, HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar, get_origin, get_type_hints

import orjson
from flask import Blueprint, Response, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import NotFound, UnsupportedMediaType

from engine.errors import UserError
from server.http.access import Access
from server.http.documents.common import PROBLEM_ANSWERS
from server.http.problems import API_PREFIX, FieldProblem, InvalidInput

if TYPE_CHECKING:
    from flask_openapi3.blueprint import APIBlueprint

MAX_BODY_BYTES = 1024 * 1024
JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
"""What curl says of any `-d` body. It must be JSON all the same, and a cookie's request needs its CSRF header."""

_View = TypeVar("_View", bound=Callable[..., Response])
_Answers = Mapping[int, Any]


class Routes(Blueprint):
    """A blueprint below `/api/v1` whose routes declare their access.

    Attributes:
        declared: access by endpoint, as the application names it.
    """

    def __init__(self, name: str, doc: str, prefix: str = API_PREFIX) -> None:
        self.declared: dict[str, Access] = {}
        self._doc = doc
        self._to_describe: list[Callable[[APIBlueprint], object]] = []
        super().__init__(name, __name__, url_prefix=prefix or None)

    def on(
        self, method: HTTPMethod, rule: str, access: Access, answers: _Answers, **described: Any
    ) -> Callable[[_View], _View]:
        """Return a decorator that makes a function the answer to a method and path.

        The function's annotations `path`, `query` and `body` name the pydantic models its arguments are read by.

        Args:
            method: HTTP method.
            rule: path below `/api/v1`, in Flask's form.
            access: who may.
            answers: model (or None for no content, or an OpenAPI response object) by status.
            described: further words for `flask_openapi3`.
        """

        def decorate(view: _View) -> _View:
            hints = get_type_hints(view)
            checks = [_CHECKS[name](hints[name]) for name in _CHECKS if name in hints]

            @wraps(view)
            def checked(**arguments: Any) -> Response:
                return view(**_checked(checks, arguments))

            self.add_url_rule(rule, view.__name__, checked, methods=[method.value])
            self.declared[f"{self.name}.{view.__name__}"] = access
            self._to_describe.append(
                lambda described_by: described_by._collect_openapi_info(  # noqa: SLF001 - without registering anew
                    rule,
                    view,
                    method=method,
                    operation_id=f"{self.name}_{view.__name__}",
                    responses=_all_answers(access, answers),
                    security=access.security(),
                    openapi_extensions={"x-access": access.described()},
                    **described,
                )
            )
            return view

        return decorate

    def description(self) -> APIBlueprint:
        """Return the OpenAPI description of the routes, made anew: it takes a while."""
        from flask_openapi3.blueprint import APIBlueprint  # noqa: PLC0415 - start-up time
        from flask_openapi3.models.tag import Tag  # noqa: PLC0415

        tags = [Tag(name=self.name, description=self._doc)]
        found = APIBlueprint(self.name, __name__, url_prefix=self.url_prefix, abp_tags=tags)
        for describe in self._to_describe:
            describe(found)
        return found


def _all_answers(access: Access, answers: _Answers) -> dict[str | int, Any]:
    found: dict[str | int, Any] = {}
    for some in (PROBLEM_ANSWERS, access.answers(), answers):
        found.update(dict(some.items()))
    return found


def moved(path: str, document: Mapping[str, Any]) -> Response:
    """Return the answer that sends a client to another path below `/api/v1`, with the query it came with."""
    query = request.query_string.decode("ascii", "ignore")
    there = f"{API_PREFIX}{path}{'?' if query else ''}{query}"
    return answer(document, HTTPStatus.TEMPORARY_REDIRECT, headers={"Location": there})


def answer(document: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON response."""
    body = orjson.dumps(document)
    return Response(body, status=status, headers=dict(headers or {}), content_type=JSON)


def nothing() -> Response:
    """Return the response without content."""
    return Response(status=204)


_Check = Callable[[dict[str, Any]], tuple[str, BaseModel, list[FieldProblem]]]


def _checked(checks: list[_Check], arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a view; every problem of path, parameters and body is told at once."""
    made: dict[str, Any] = {}
    problems: list[FieldProblem] = []
    where = ""
    for check in checks:
        name, value, found = check(arguments)
        made[name] = value
        where = where or (name if found else "")
        problems += found
    if problems:
        raise InvalidInput(problems, code="body-invalid" if where == "body" else "parameter-invalid")
    return made


def _path_check(model: type[BaseModel]) -> _Check:
    def check(arguments: dict[str, Any]) -> tuple[str, BaseModel, list[FieldProblem]]:
        try:
            return "path", model.model_validate(arguments), []
        except ValidationError as error:
            raise NotFound from error  # a name nothing can have names nothing

    return check


def _query_check(model: type[BaseModel]) -> _Check:
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    lists = {name for name, field in fields.items() if _is_list(field.annotation)}

    def check(_arguments: dict[str, Any]) -> tuple[str, BaseModel, list[FieldProblem]]:
        given: dict[str, Any] = {}
        problems = []
        for name, values in request.args.lists():
            given[name] = values if name in lists else values[-1]
            if len(values) > 1 and name not in lists:
                problems.append(FieldProblem(name, "may be given once only"))
        try:
            return "query", model.model_validate(given), problems
        except ValidationError as error:
            return "query", model.model_construct(), [*problems, *field_problems(error, fields)]

    return check


def _is_list(annotation: Any) -> bool:
    return any(get_origin(part) is list for part in (annotation, *getattr(annotation, "__args__", ())))


def _body_check(model: type[BaseModel]) -> _Check:
    def check(_arguments: dict[str, Any]) -> tuple[str, BaseModel, list[FieldProblem]]:
        data = body_bytes()
        try:
            return "body", model.model_validate_json(data, strict=True), []
        except ValidationError as error:
            fields = {field.alias or name: field for name, field in model.model_fields.items()}
            return "body", model.model_construct(), field_problems(error, fields)

    return check


_CHECKS: dict[str, Callable[[Any], _Check]] = {"path": _path_check, "query": _query_check, "body": _body_check}


def body_bytes() -> bytes:
    """Return the body of a request that must be JSON.

    Raises:
        UnsupportedMediaType: it says to be something else.
        UserError: there is none.
    """
    kind = request.mimetype
    if kind not in {"", JSON, _FORM} and not kind.endswith("+json"):
        raise UnsupportedMediaType(f"The body must be {JSON}, not {kind[:100]}.")
    request.max_content_length = MAX_BODY_BYTES
    data = request.get_data(cache=False)
    if not data.strip():
        raise UserError("This needs a body of JSON.", code="body-invalid", hint=f"Send `Content-Type: {JSON}`.")
    return data


def field_problems(error: ValidationError, known: Mapping[str, object]) -> list[FieldProblem]:
    """Return what pydantic found, with the name of each member and a sentence."""
    found = []
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        name = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            names = ", ".join(sorted(known)) or "none"
            found.append(FieldProblem(name, f"is not known here; known are {names}"))
        else:
            found.append(FieldProblem(name, problem["msg"][:1].lower() + problem["msg"][1:]))
    return found
