"""The fake's monitors: one that fails, one of two environments, one with a schedule nobody can read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, jsonify, request

from tests.dashboards.fake import problem

HOSTILE = 'a/<b>"x"</b>\u202e\u05d0'
LETTERS = {"o": "ok", "e": "error", "m": "missed", "t": "timeout"}


def moment(minutes: float) -> str:
    """A time some minutes from now: of the asking, for tests may run long after they were collected."""
    now = datetime.now(UTC).replace(microsecond=0)
    return (now + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")


def strip(letters: str) -> list[dict[str, Any]]:
    """Runs, ten minutes apart, the newest last."""
    return [
        {
            "at": moment(-10 * (len(letters) - n)),
            "status": LETTERS[letter],
            "duration_ms": None if letter == "m" else 1500.0 + n,
        }
        for n, letter in enumerate(letters)
    ]


def environment(name: str, letters: str, due: float | None, **more: Any) -> dict[str, Any]:
    """A monitor in an environment."""
    runs = strip(letters)
    state = runs[-1]["status"] if runs else "waiting"
    last = runs[-1]["at"] if runs else None
    due_at = None if due is None else moment(due)
    return {"name": name, "state": state, "muted": False, "last": last, "next": due_at, "strip": runs} | more


def schedule(text: str, words: str, **more: Any) -> dict[str, Any]:
    """A schedule."""
    usual = {"type": "crontab", "text": text, "timezone": "UTC", "words": words, "problem": "", "margin_minutes": 1}
    usual |= {"max_runtime_minutes": 30, "failure_issue_threshold": 1, "recovery_threshold": 1}
    return usual | more


def monitor(slug: str, state: str, when: dict[str, Any] | None, *environments: dict[str, Any]) -> dict[str, Any]:
    """A monitor of the shop."""
    muted = all(one["muted"] for one in environments)
    return {"project": "shop", "monitor": slug, "since": moment(-50_000), "state": state, "muted": muted} | {
        "schedule": when,
        "environments": list(environments),
    }


def monitors() -> list[dict[str, Any]]:
    """All of them, anew: what a test mutes must not stay."""
    nightly = schedule("0 3 * * *", "At 03:00 every day", timezone="Europe/Berlin")
    every = schedule("10 minute", "Every 10 minutes", type="interval", margin_minutes=5)
    unreadable = schedule("every <b>day</b>", "", problem="a crontab line has five fields")
    return [
        monitor("nightly-report", "error", nightly, environment("production", "ooooooooooooooooooomooooooooee", 300)),
        monitor(
            "sync-stock", "ok", every,
            environment("production", "oooooooooooooooooooooooooooooo", -12),
            environment("staging", "ottotoooot", 4, muted=True),
        ),
        monitor(HOSTILE, "ok", unreadable, environment("", "o", None)),
        monitor("new-one", "waiting", None, environment("production", "", None)),
    ]  # fmt: skip


def check_ins(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The check-ins behind the strips of a monitor."""
    items = [
        {"id": f"{n:032x}", "environment": one["name"], "release": "shop@2.1.0", "trace_id": "ab" * 16, **run}
        for one in found["environments"]
        for n, run in enumerate(one["strip"])
    ]
    return sorted(items, key=lambda item: str(item["at"]), reverse=True)


def routes() -> Blueprint:
    """Return the routes."""
    blueprint = Blueprint("fake_monitors", __name__, url_prefix="/api/v1")
    known = monitors()

    @blueprint.get("/monitors")
    def listed() -> Response:
        wanted = request.args.getlist("project")
        shown = known if not wanted or "shop" in wanted else []
        return jsonify({"items": shown, "total": len(shown), "heard_days": 35})

    @blueprint.get("/projects/<project>/monitor")
    def one(project: str) -> Any:
        found = next((each for each in known if each["monitor"] == request.args["monitor"]), None)
        if found is None:
            return problem(404, "monitor-unknown", f"No such monitor of {project}.", hint="See the other monitors.")
        return jsonify({"monitor": found, "check_ins": check_ins(found), "most": 100})

    @blueprint.put("/projects/<project>/monitor/mute")
    def mute(project: str) -> Response:
        body = request.get_json()
        found = next(each for each in known if each["monitor"] == body["monitor"])
        for each in found["environments"]:
            if body["environment"] in {"*", each["name"]}:
                each["muted"] = body["muted"]
        found["muted"] = all(each["muted"] for each in found["environments"])
        return jsonify({"slug": body["monitor"], "environment": body["environment"], "isMuted": body["muted"]})

    return blueprint
