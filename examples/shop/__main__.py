"""`python -m examples.shop --dsn DSN`: starts the three services and the shoppers, deploys a release, stops cleanly."""

from __future__ import annotations

import argparse
import http.client
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from examples.shop import catalogue
from examples.shop.traffic import Traffic

RELEASES = {"web": "shop-web@1.4.0", "cart": "shop-cart@2.1.0", "payment": "shop-payment@0.9.3"}
NEXT_WEB = "shop-web@1.4.1"
_START_S = 60.0
_STOP_S = 30.0


class Shop:
    """The services as child processes.

    Args:
        options: the command line.
        catalogue_path: the catalogue's database.
    """

    def __init__(self, options: argparse.Namespace, catalogue_path: Path) -> None:
        self._options = options
        self._catalogue = catalogue_path
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Starts all services and waits until they answer."""
        for service, release in RELEASES.items():
            self._spawn(service, release)
        for service in RELEASES:
            self._wait_for(service)

    def deploy(self) -> None:
        """Replaces the web service by its next release."""
        self._end("web")
        self._spawn("web", NEXT_WEB)
        self._wait_for("web")

    def stop(self) -> None:
        """Ends all services; each sends what it has to report first."""
        for child in self._children.values():
            child.terminate()
        for service in list(self._children):
            self._end(service)

    def dead(self) -> str | None:
        """The name of a service that ended by itself, if any."""
        return next((name for name, child in self._children.items() if child.poll() is not None), None)

    def _port(self, service: str) -> int:
        base: int = self._options.port_base
        return base + list(RELEASES).index(service)

    def _spawn(self, service: str, release: str) -> None:
        options = self._options
        command = [sys.executable, "-m", "examples.shop.service", service, "--dsn", options.dsn, "--release", release]
        command += ["--port", str(self._port(service)), "--port-base", str(options.port_base)]
        command += ["--catalogue", str(self._catalogue), "--seed", str(options.seed)]
        self._children[service] = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=Path(__file__).parents[2])

    def _end(self, service: str) -> None:
        child = self._children.pop(service)
        child.terminate()
        try:
            child.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if child.stdin is not None:
            child.stdin.close()

    def _wait_for(self, service: str) -> None:
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline and self.dead() is None:
            connection = http.client.HTTPConnection("127.0.0.1", self._port(service), timeout=1)
            try:
                connection.request("GET", "/healthz")
                if connection.getresponse().status == http.HTTPStatus.OK:
                    return
            except OSError:
                time.sleep(0.05)
            finally:
                connection.close()
        raise SystemExit(f"The {service} service did not start on port {self._port(service)}; is the port free?")


def main() -> None:
    """Runs the shop until the time is over or a signal comes."""
    options = _options()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with tempfile.TemporaryDirectory(prefix="shop-") as folder:
        path = Path(folder) / "catalogue.sqlite3"
        catalogue.create(path, options.seed)
        shop = Shop(options, path)
        traffic = Traffic(options.port_base, options.rate, options.seed)
        try:
            shop.start()
            traffic.start()
            print(
                f"shop: pages on http://127.0.0.1:{options.port_base}/, {options.rate:g} requests a second", flush=True
            )
            _run(shop, options, stop)
        finally:
            traffic.stop()
            shop.stop()
    print("shop: " + ", ".join(f"{count} x {answer}" for answer, count in sorted(traffic.answers.items())), flush=True)


def _run(shop: Shop, options: argparse.Namespace, stop: threading.Event) -> None:
    started = time.monotonic()
    deploy_at = options.deploy_after if options.seconds is None else min(options.deploy_after, options.seconds / 2)
    deployed = False
    while not stop.wait(0.1):
        elapsed = time.monotonic() - started
        if options.seconds is not None and elapsed >= options.seconds:
            return
        if not deployed and elapsed >= deploy_at:
            shop.deploy()
            deployed = True
            print(f"shop: deployed {NEXT_WEB}", flush=True)
        if (name := shop.dead()) is not None:
            raise SystemExit(f"The {name} service ended by itself.")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m examples.shop", description="A small web shop with real bugs.")
    parser.add_argument("--dsn", required=True, help="where to report: the DSN of a project")
    parser.add_argument("--rate", type=float, default=5.0, help="requests a second (default 5)")
    parser.add_argument("--seconds", type=float, help="stop after so long; runs on without")
    parser.add_argument("--seed", type=int, default=1, help="decides products and what shoppers do (default 1)")
    parser.add_argument("--port-base", type=int, default=8710, help="first of four ports (default 8710)")
    parser.add_argument("--deploy-after", type=float, default=120.0, help="seconds until release 1.4.1 (default 120)")
    options = parser.parse_args()
    if options.rate <= 0:
        parser.error("--rate must be above 0")
    return options


if __name__ == "__main__":
    main()
