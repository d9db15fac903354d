"""`python -m server.http.reference`: writes docs/reference/openapi.json and docs/reference/api.md from the routes."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from server.http.app import create_app
from server.http.services import Services
from server.http.spec import openapi_document
from server.settings import Settings

DOCS = Path(__file__).resolve().parents[2] / "docs" / "reference"
_HEAD = """# API

Generated from the routes by `python -m server.http.reference`; do not edit. The same as an OpenAPI 3.1 document:
[openapi.json](openapi.json), or `GET /api/v1/openapi.json` of a running server. How to sign in, what all lists, errors
and ETags have in common: [HTTP API](http.md). What the actions mean and who may: [Access](../explanation/access.md).
"""
_METHODS = ("get", "post", "put", "patch", "delete")


def described() -> dict[str, Any]:
    """Return the OpenAPI document; no store is opened for it."""
    nothing = SimpleNamespace(health=None, not_ready=None)
    parts = SimpleNamespace(
        settings=Settings(metrics_access="token"),
        clock=None,
        metadata=None,
        identity=None,
        administration=None,
        queries=None,
        issues=None,
        traces=None,
        state=nothing,
        metrics=None,
        cookies=None,
        blobs=None,
    )
    app = create_app(cast("Services", parts))
    return {**openapi_document(app, app.extensions["amber.described"])}


def openapi_text(document: dict[str, Any]) -> str:
    """Return the document as it is checked in; without the version, which changes with each release."""
    shown = {**document, "info": {**document["info"], "version": "1"}}
    return json.dumps(shown, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def page(document: dict[str, Any]) -> str:
    """Return the page for readers."""
    parts = [_HEAD]
    for tag in document["tags"]:
        parts.append(f"\n## {tag['name']}\n\n{tag['description']}\n")
        for path, item in sorted(document["paths"].items()):
            parts += [
                _operation(method, path, item[method], document)
                for method in _METHODS
                if method in item and tag["name"] in item[method]["tags"]
            ]
    return "".join(parts)


def _operation(method: str, path: str, operation: dict[str, Any], document: dict[str, Any]) -> str:
    told = operation.get("description", "").replace("<br/>", "\n").strip()
    access = operation["x-access"]
    may = f"Public: {access['public']}" if "public" in access else _needs(access)
    lines = [f"\n### {method.upper()} {path}\n", operation["summary"]]
    lines += [f"\n{told}"] if told else []
    lines += [f"\n{may}"]
    lines += _parameters(operation)
    body = operation.get("requestBody")
    if body is not None:
        lines += _members(body["content"]["application/json"]["schema"], document, "Body")
    for status, response in sorted(operation["responses"].items()):
        if status.startswith("2"):
            lines += _success(status, response, document)
    codes = [status for status in sorted(operation["responses"]) if not status.startswith("2")]
    lines.append(f"\nProblems: {', '.join(codes)}.")
    return "\n".join(lines) + "\n"


def _needs(access: dict[str, str]) -> str:
    scope = access["scope"]
    token = {"no token may": "no token may", "none needed": "any token may"}.get(scope, f"a token needs `{scope}`")
    return f"Action `{access['action']}`; {token}."


def _parameters(operation: dict[str, Any]) -> list[str]:
    found = [one for one in operation.get("parameters", []) if one["in"] == "query"]
    if not found:
        return []
    rows = [f"| `{one['name']}` | {_type(one['schema'])} | {_cell(one)} |" for one in found]
    return ["\n| parameter | type | meaning |\n|---|---|---|", *rows]


def _success(status: str, response: dict[str, Any], document: dict[str, Any]) -> list[str]:
    content = response.get("content", {}).get("application/json", {}).get("schema")
    if not content or "$ref" not in content:
        return [f"\nAnswer {status}: {response.get('description', '')}"]
    return _members(content, document, f"Answer {status}")


def _members(schema: dict[str, Any], document: dict[str, Any], title: str) -> list[str]:
    name = schema.get("$ref", "").rpartition("/")[2]
    model = document["components"]["schemas"].get(name, schema)
    required = set(model.get("required", ()))
    rows = [
        f"| `{member}`{'' if member in required else ' (optional)'} | {_type(one)} | {_cell(one)} |"
        for member, one in model.get("properties", {}).items()
    ]
    head = f"\n{title}: `{name}`. {model.get('description', '')}".rstrip()
    return [head, "\n| member | type | meaning |\n|---|---|---|", *rows] if rows else [head]


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return f"`{schema['$ref'].rpartition('/')[2]}`"
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "any")


def _cell(one: dict[str, Any]) -> str:
    told = str(one.get("description", "") or one.get("schema", {}).get("description", "")).replace("|", "\\|")
    return " ".join(told.split())


def main() -> None:
    """Write both files."""
    document = described()
    (DOCS / "openapi.json").write_text(openapi_text(document), encoding="utf-8")
    (DOCS / "api.md").write_text(page(document), encoding="utf-8")


if __name__ == "__main__":
    main()
