"""Set-up of the Sentry SDK, as any service would have it."""

from __future__ import annotations

import logging
from typing import Any

import sentry_sdk
from flask import Flask, request
from sentry_sdk.integrations.flask import FlaskIntegration

SHOPPER_HEADERS = ("X-Shop-User", "X-Shop-Plan", "X-Shop-Country")


def start_reporting(dsn: str, service: str, release: str) -> None:
    """Initialises the SDK for one service; every request is traced, health checks are not.

    What the shop's loggers say goes along as logs; sessions of requests are counted by the SDK itself.
    """
    logging.basicConfig(handlers=[logging.NullHandler()])  # to the DSN, not to the terminal
    logging.getLogger("shop").setLevel(logging.INFO)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line for each request is what traces are for
    sentry_sdk.init(
        dsn=dsn,
        release=release,
        environment="production",
        server_name=f"{service}-1",
        traces_sampler=_sample,
        send_default_pii=True,
        enable_logs=True,
        profiles_sample_rate=0.3,
        integrations=[FlaskIntegration(transaction_style="url")],
    )
    sentry_sdk.set_tag("service", service)
    sentry_sdk.set_tag("service.name", service)  # what OpenTelemetry calls it: the service map tells services by it


def name_the_shopper(app: Flask) -> None:
    """Puts user and tags of each request on everything reported during it."""

    @app.before_request
    def name_shopper() -> None:
        user = request.headers.get("X-Shop-User")
        if user:
            sentry_sdk.set_user({"id": user, "username": f"shopper{user}", "email": f"shopper{user}@mail.example"})
            sentry_sdk.set_tag("plan", request.headers.get("X-Shop-Plan", "free"))
            sentry_sdk.set_tag("country", request.headers.get("X-Shop-Country", "??"))


def _sample(context: dict[str, Any]) -> float:
    environ = context.get("wsgi_environ") or {}
    return 0.0 if environ.get("PATH_INFO") == "/healthz" else 1.0
