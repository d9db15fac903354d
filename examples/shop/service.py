"""One service as a process: `python -m examples.shop.service web|cart|payment ...`. Started by the shop's main program.

It ends on SIGTERM, and when its standard input closes: the main program holds the other end, so a service never
outlives it, not even when it is killed.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

import sentry_sdk
from flask import Flask
from werkzeug.serving import make_server

from examples.shop import cart, payment, web
from examples.shop.telemetry import name_the_shopper, start_reporting

_FLUSH_S = 5.0


def main() -> None:
    """Runs one service until told to stop."""
    options = _options()
    start_reporting(options.dsn, options.service, options.release)
    app = _app(options)
    name_the_shopper(app)
    server = make_server("127.0.0.1", options.port, app, threaded=True)
    stop = threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main program decides
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    threading.Thread(target=_until_parent_is_gone, args=(stop,), daemon=True).start()
    threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
    stop.wait()
    server.shutdown()
    sentry_sdk.flush(_FLUSH_S)
    os._exit(0)  # request threads may still wait for a service that is gone


def _app(options: argparse.Namespace) -> Flask:
    local = "http://127.0.0.1"
    base = options.port_base
    if options.service == "web":
        return web.create_app(options.catalogue, f"{local}:{base + 1}", f"{local}:{base + 2}", options.release)
    if options.service == "cart":
        return cart.create_app()
    payment.start_acquirer(base + 3, options.seed)
    payment.start_settling()
    return payment.create_app(("127.0.0.1", base + 3))


def _until_parent_is_gone(stop: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    stop.set()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("service", choices=["web", "cart", "payment"])
    parser.add_argument("--dsn", required=True)
    parser.add_argument("--release", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--port-base", type=int, required=True)
    parser.add_argument("--catalogue", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
