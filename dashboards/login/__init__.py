"""The door: log in, one-time links, log out. Server-rendered pages without Dash; they work without scripts too."""

from __future__ import annotations

from dashboards.login.door import LoginDoor
from dashboards.login.next_path import safe_next
from dashboards.login.routes import login_blueprint

__all__ = ["LoginDoor", "login_blueprint", "safe_next"]
