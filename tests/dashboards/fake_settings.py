"""What the settings pages read and write: an installation in memory, with the refusals the pages must show."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, jsonify, request

from engine.snapshot import ProjectConfig
from server.scrubbing import tried

INGEST = "http://127.0.0.1:8701"
NOW = datetime.now(UTC)


def ago(**passed: float) -> str:
    """Return a moment in the past, RFC 3339."""
    return (datetime.now(UTC) - timedelta(**passed)).isoformat().replace("+00:00", "Z")


def _problem(status: int, code: str, detail: str, **members: Any) -> tuple[Any, int]:
    body = {"type": "about:blank", "title": "", "status": status, "detail": detail, "code": code, "hint": ""}
    return jsonify({**body, "span": None, "suggestion": "", "request_id": "fake-request", **members}), status


def _field_problem(field: str, detail: str) -> tuple[Any, int]:
    return _problem(400, "bad-input", detail, errors=[{"field": field, "detail": detail}])


class Installation:
    """The documents, by number."""

    def __init__(self) -> None:
        self.organisation = {"id": 1, "slug": "shop", "name": "Example Shop", "version": 1}
        self.me = {"id": 1, "email": "ada@example.org", "name": "Ada Lovelace"}
        self.projects: dict[int, dict[str, Any]] = {}
        self.keys: dict[int, dict[str, Any]] = {}
        self.users = {
            1: self._user(1, "ada@example.org", "Ada Lovelace", "owner"),
            2: self._user(2, "grace@example.org", "Grace Hopper", "admin"),
            3: self._user(3, "alan@example.org", "", "member", pending=True, last_seen=None),
            4: self._user(4, "kurt@example.org", "Kurt", "", disabled=True),
        }
        self.tokens: dict[int, dict[str, Any]] = {}
        self.teams: dict[int, dict[str, Any]] = {}
        self.sessions: dict[int, dict[str, Any]] = {}
        self.audit: list[dict[str, Any]] = []
        self.outcomes: list[dict[str, Any]] = []
        self.dead_letters = 0
        self.writer_error = ""

    @staticmethod
    def _user(number: int, email: str, name: str, role: str, **more: Any) -> dict[str, Any]:
        seen = {"last_seen": ago(hours=number), "created_at": ago(days=40), "version": 1}
        return (
            {"id": number, "email": email, "name": name, "role": role, "disabled": False, "pending": False}
            | seen
            | more
        )

    def add_project(self, slug: str, name: str, *, first_event_at: str | None = None) -> dict[str, Any]:
        """Add a project with a key."""
        number = max(self.projects, default=0) + 1
        self.projects[number] = {
            "id": number,
            "slug": slug,
            "name": name,
            "created_at": ago(days=30),
            "first_event_at": first_event_at,
            "team_ids": [],
            "options": {"retention_days": 90},
            "version": 1,
        }
        self.add_key(number, "")
        return self.shown(self.projects[number])

    def add_key(self, project_id: int, label: str) -> dict[str, Any]:
        """Add a key."""
        number = max(self.keys, default=0) + 1
        public = secrets.token_hex(16)
        self.keys[number] = {
            "id": number,
            "project_id": project_id,
            "public_key": public,
            "label": label,
            "active": True,
            "created_at": ago(days=3),
            "dsn": f"http://{public}@127.0.0.1:8701/{project_id}",
        }
        return self.keys[number]

    def project(self, slug: str) -> dict[str, Any]:
        """Return a project by slug or number."""
        return next(p for p in self.projects.values() if slug in {p["slug"], str(p["id"])})

    def shown(self, project: dict[str, Any]) -> dict[str, Any]:
        """Return a project as the API shows it."""
        active = [key for key in self.keys.values() if key["project_id"] == project["id"] and key["active"]]
        return {**project, "dsn": active[-1]["dsn"] if active else None}

    def shown_team(self, team: dict[str, Any]) -> dict[str, Any]:
        """Return a team as the API shows it."""
        people = [
            {"user_id": u, "email": self.users[u]["email"], "name": self.users[u]["name"], "role": role}
            for u, role in team["members"].items()
        ]
        attached = [
            {"id": p, "slug": self.projects[p]["slug"], "name": ""} for p in team["projects"] if p in self.projects
        ]
        return {**{k: team[k] for k in ("id", "slug", "name", "version")}, "members": people, "projects": attached}


def full() -> Installation:
    """Return an installation with something of everything."""
    made = Installation()
    made.add_project("shop", "Shop", first_event_at=ago(days=29))
    made.add_project("checkout-api", "Checkout API")
    made.add_key(1, "staging")
    old = made.add_key(1, "laptop of Ada")
    old["active"] = False
    made.teams[1] = {
        "id": 1,
        "slug": "payments",
        "name": "Payments",
        "version": 1,
        "members": {2: "admin", 3: "member"},
        "projects": [2],
    }
    made.teams[2] = {"id": 2, "slug": "front", "name": "Front", "version": 1, "members": {}, "projects": []}
    scopes = ["event:read", "issue:read", "project:read"]
    made.tokens[1] = {
        "id": 1,
        "name": "ci",
        "owner": "ada@example.org",
        "owner_id": 1,
        "scopes": scopes,
        "projects": None,
    }
    made.tokens[1] |= {"created_at": ago(days=12), "expires_at": ago(days=-3), "last_used": ago(minutes=4)}
    made.tokens[2] = {
        "id": 2,
        "name": "notebook",
        "owner": "ada@example.org",
        "owner_id": 1,
        "scopes": None,
        "projects": ["shop"],
    }
    made.tokens[2] |= {"created_at": ago(days=100), "expires_at": None, "last_used": None}
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    made.sessions[1] = {
        "id": 1,
        "current": True,
        "address": "127.0.0.1",
        "user_agent": firefox,
        "created_at": ago(days=2),
        "last_seen": ago(),
    }
    iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1"
    made.sessions[2] = {
        "id": 2,
        "current": False,
        "address": "10.0.0.7",
        "user_agent": iphone,
        "created_at": ago(days=9),
        "last_seen": ago(hours=5),
    }
    actions = (
        ("project.create", "project", "shop", {"slug": "shop", "name": "Shop"}),
        ("key.revoke", "key", "laptop of Ada", {}),
        ("user.role", "user", "grace@example.org", {"before": "member", "after": "admin"}),
        ("token.create", "token", "ci", {"scopes": scopes, "projects": None, "expires_at": ago(days=-3)}),
    )
    made.audit = [
        {
            "id": n,
            "at": ago(hours=80 - n),
            "actor": "user:ada@example.org",
            "action": a,
            "target_kind": kind,
            "target_id": n,
            "target": on,
            "details": details,
        }
        for n, (a, kind, on, details) in enumerate(actions * 20, start=1)
    ]
    made.outcomes = [
        {"project": "shop", "outcome": "accepted", "reason": "", "category": "error", "quantity": 18_234},
        {"project": "shop", "outcome": "accepted", "reason": "", "category": "span", "quantity": 241_034},
        {"project": "-", "outcome": "invalid", "reason": "unknown_key", "category": "default", "quantity": 412},
        {"project": "shop", "outcome": "set_aside", "reason": "session", "category": "session", "quantity": 1290},
        {"project": "shop", "outcome": "invalid", "reason": "too_large", "category": "default", "quantity": 3},
    ]
    made.dead_letters = 1290
    return made


def routes(state: Installation | None = None) -> Blueprint:
    """Return the routes over an installation."""
    held = state or full()
    blueprint = Blueprint("fake_settings", __name__, url_prefix="/api/v1")
    _account(blueprint, held)
    _sessions(blueprint, held)
    _projects(blueprint, held)
    _project_roles(blueprint, held)
    _keys(blueprint, held)
    _people(blueprint, held)
    _teams(blueprint, held)
    _tokens(blueprint, held)
    _state(blueprint, held)
    return blueprint


def _account(api: Blueprint, held: Installation) -> None:
    @api.get("/organisation")
    def account_organisation() -> Any:
        return held.organisation

    @api.patch("/organisation")
    def account_rename() -> Any:
        held.organisation |= {"name": request.json["name"], "version": held.organisation["version"] + 1}
        return held.organisation

    @api.get("/me")
    def account_me() -> Any:
        return held.me

    @api.patch("/me")
    def account_name_me() -> Any:
        held.me["name"] = request.json["name"]
        return held.me

    @api.post("/me/password")
    def account_password() -> Any:
        if request.json["old"] != "right":
            return _field_problem("old", "This is not your password.")
        if len(request.json["new"]) < 10:
            return _field_problem("new", "At least 10 characters.")
        return "", 204


def _sessions(api: Blueprint, held: Installation) -> None:
    @api.get("/me/sessions")
    def sessions_sessions() -> Any:
        return {"items": list(held.sessions.values()), "next": None}

    @api.delete("/me/sessions")
    def sessions_end_others() -> Any:
        for number in [n for n, each in held.sessions.items() if not each["current"]]:
            del held.sessions[number]
        return "", 204

    @api.delete("/me/sessions/<int:number>")
    def sessions_end(number: int) -> Any:
        del held.sessions[number]
        return "", 204


def _projects(api: Blueprint, held: Installation) -> None:
    @api.get("/projects")
    def projects_projects() -> Any:
        return {"items": [held.shown(p) for p in held.projects.values()], "next": None}

    @api.post("/projects")
    def projects_create() -> Any:
        slug = request.json["slug"]
        if any(p["slug"] == slug for p in held.projects.values()):
            return _field_problem("slug", f"There is already a project called {slug}.")
        return held.add_project(slug, request.json["name"]), 201

    @api.get("/projects/<slug>")
    def projects_project(slug: str) -> Any:
        found = next((p for p in held.projects.values() if slug in {p["slug"], str(p["id"])}), None)
        return held.shown(found) if found else _problem(404, "project-unknown", f"There is no project called {slug!r}.")

    @api.patch("/projects/<slug>")
    def projects_change(slug: str) -> Any:
        found = held.project(slug)
        if request.headers.get("If-Match") != f'"{found["version"]}"':
            return _problem(412, "changed", "Somebody changed this in the meantime.", hint="Look at it again.")
        options = request.json.get("options", {})
        if options.get("retention_days", 1) > 3650:
            return _field_problem("retention_days", "At most 3650 days.")
        found["options"] |= options
        found |= {"name": request.json.get("name", found["name"]), "version": found["version"] + 1}
        return held.shown(found)

    @api.post("/projects/<slug>/scrub/test")
    def projects_try_scrub(slug: str) -> Any:
        draft = {name: value for name, value in request.json.items() if name.startswith("scrub_")}
        config = ProjectConfig(1, slug)  # also for a page that asks while its project is being deleted
        return tried(config, draft, json.dumps(request.json["event"]).encode()).as_dict()

    @api.delete("/projects/<slug>")
    def projects_delete(slug: str) -> Any:
        del held.projects[held.project(slug)["id"]]
        return "", 204


def _project_roles(api: Blueprint, held: Installation) -> None:
    @api.get("/projects/<slug>/roles")
    def project_roles_roles(slug: str) -> Any:
        rows = [
            {
                "user_id": u["id"],
                "email": u["email"],
                "name": u["name"],
                "role": u["role"],
                "source": "organisation",
                "source_name": "",
            }
            for u in held.users.values()
            if u["role"]
        ]
        for number, role in held.project(slug).get("roles", {}).items():
            user = held.users[int(number)]
            rows.append(
                {
                    "user_id": user["id"],
                    "email": user["email"],
                    "name": "",
                    "role": role,
                    "source": "project",
                    "source_name": "",
                }
            )
        return {"items": rows, "next": None}

    @api.put("/projects/<slug>/roles/<number>")
    def project_roles_give(slug: str, number: str) -> Any:
        held.project(slug).setdefault("roles", {})[number] = request.json["role"]
        return "", 204

    @api.delete("/projects/<slug>/roles/<number>")
    def project_roles_take(slug: str, number: str) -> Any:
        del held.project(slug)["roles"][number]
        return "", 204


def _keys(api: Blueprint, held: Installation) -> None:
    @api.get("/projects/<slug>/keys")
    def keys_keys(slug: str) -> Any:
        number = held.project(slug)["id"]
        return {"items": [key for key in held.keys.values() if key["project_id"] == number], "next": None}

    @api.post("/projects/<slug>/keys")
    def keys_create(slug: str) -> Any:
        return held.add_key(held.project(slug)["id"], request.json["label"]), 201

    @api.patch("/projects/<slug>/keys/<int:number>")
    def keys_label(slug: str, number: int) -> Any:
        held.keys[number]["label"] = request.json["label"]
        return held.keys[number]

    @api.post("/projects/<slug>/keys/<int:number>/rotate")
    def keys_rotate(slug: str, number: int) -> Any:
        held.keys[number]["active"] = False
        return held.add_key(held.project(slug)["id"], held.keys[number]["label"]), 201

    @api.delete("/projects/<slug>/keys/<int:number>")
    def keys_revoke(slug: str, number: int) -> Any:
        held.keys[number]["active"] = False
        return "", 204


def _people(api: Blueprint, held: Installation) -> None:
    @api.get("/users")
    def people_users() -> Any:
        return {"items": list(held.users.values()), "next": None}

    @api.post("/users")
    def people_invite() -> Any:
        email = request.json["email"]
        if any(user["email"] == email for user in held.users.values()):
            return _field_problem("email", f"{email} is already here.")
        number = max(held.users) + 1
        held.users[number] = held._user(number, email, request.json["name"], request.json["role"] or "", pending=True)
        return {"user": held.users[number], "link": _link(), "expires_at": ago(days=-1)}, 201

    @api.patch("/users/<int:number>")
    def people_change(number: int) -> Any:
        if number == 2 and request.json.get("disabled"):
            return _problem(409, "last-admin", "Grace is needed.", hint="Make somebody else an admin first.")
        held.users[number] |= {name: value or "" for name, value in request.json.items()}
        held.users[number]["disabled"] = bool(held.users[number]["disabled"])
        return held.users[number]

    @api.post("/users/<int:number>/link")
    def people_link(number: int) -> Any:
        return {"link": _link(), "expires_at": ago(days=-1)}


def _link() -> str:
    return f"http://127.0.0.1:8700/login/link#{secrets.token_urlsafe(32)}"


def _teams(api: Blueprint, held: Installation) -> None:
    @api.get("/teams")
    def teams_teams() -> Any:
        return {"items": [held.shown_team(team) for team in held.teams.values()], "next": None}

    @api.post("/teams")
    def teams_create() -> Any:
        number = max(held.teams, default=0) + 1
        given = request.json
        held.teams[number] = {
            "id": number,
            "slug": given["slug"],
            "name": given["name"],
            "version": 1,
            "members": {},
            "projects": [],
        }
        return held.shown_team(held.teams[number]), 201

    @api.delete("/teams/<int:number>")
    def teams_delete(number: int) -> Any:
        del held.teams[number]
        return "", 204

    @api.put("/teams/<int:number>/members/<int:user>")
    def teams_put_member(number: int, user: int) -> Any:
        held.teams[number]["members"][user] = request.json["role"]
        return held.shown_team(held.teams[number])

    @api.delete("/teams/<int:number>/members/<int:user>")
    def teams_end_member(number: int, user: int) -> Any:
        del held.teams[number]["members"][user]
        return "", 204

    @api.put("/teams/<int:number>/projects/<int:project>")
    def teams_attach(number: int, project: int) -> Any:
        held.teams[number]["projects"].append(project)
        return held.shown_team(held.teams[number])

    @api.delete("/teams/<int:number>/projects/<int:project>")
    def teams_detach(number: int, project: int) -> Any:
        held.teams[number]["projects"].remove(project)
        return "", 204


def _tokens(api: Blueprint, held: Installation) -> None:
    @api.get("/tokens")
    def tokens_tokens() -> Any:
        return {"items": list(held.tokens.values()), "next": None}

    @api.post("/tokens")
    def tokens_create() -> Any:
        given = request.json
        number = max(held.tokens, default=0) + 1
        made = {"id": number, "owner": "ada@example.org", "owner_id": 1, "created_at": ago(), "last_used": None}
        held.tokens[number] = made | {name: given[name] for name in ("name", "scopes", "projects", "expires_at")}
        return {"token": held.tokens[number], "plain": "amb_" + secrets.token_urlsafe(32)}, 201

    @api.delete("/tokens/<int:number>")
    def tokens_revoke(number: int) -> Any:
        del held.tokens[number]
        return "", 204


def _state(api: Blueprint, held: Installation) -> None:
    @api.get("/state")
    def state_state() -> Any:
        return {
            "at": ago(),
            "version": "0.1.0",
            "started_at": ago(hours=30),
            "checks": {
                "disk": {"ok": True, "free_bytes": 81_234_567_890},
                "spool": {"ok": True, "bytes": 1_234_567, "budget_bytes": 10 * 1024**3},
                "store": {"ok": True},
                "metadata": {"ok": True},
                "writer": {"ok": not held.writer_error, "error": held.writer_error},
            },
            "spools": [
                {"name": "raw", "bytes": 123_456, "budget_bytes": 10 * 1024**3},
                {"name": "ready", "bytes": 0, "budget_bytes": None},
                {"name": "dead", "bytes": 2_345_678, "budget_bytes": None},
            ],
            "roles": [
                {"name": "web", "ready": True, "restarts": 0},
                {"name": "ingest-0", "ready": True, "restarts": 0},
                {"name": "normaliser-0", "ready": not held.writer_error, "restarts": 2 if held.writer_error else 0},
            ],
            "outcomes": held.outcomes,
            "dead_letters": held.dead_letters,
        }

    @api.get("/audit")
    def state_audit() -> Any:
        chosen = [
            row
            for row in reversed(held.audit)
            if request.args.get("actor", "") in row["actor"] and request.args.get("action", "") in row["action"]
        ]
        begin, limit = int(request.args.get("cursor", 0)), int(request.args.get("limit", 50))
        more = begin + limit < len(chosen)
        return {"items": chosen[begin : begin + limit], "next": str(begin + limit) if more else None}

    @api.get("/audit/verify")
    def state_verify() -> Any:
        return {"ok": True, "entries": len(held.audit), "broken_at": None, "why": ""}
