"""The pages on the fake, to look at while they are made: `python -m tests.dashboards.preview --port 8790`."""

from __future__ import annotations

import argparse

from werkzeug.serving import run_simple

from tests.dashboards.fake import fake_app


def main() -> None:
    """Serve the pages until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8790)
    parser.add_argument("--reload", action="store_true", help="start again when a Python file changes")
    options = parser.parse_args()
    app, _ = fake_app()
    print(f"http://127.0.0.1:{options.port}/app/")
    run_simple("127.0.0.1", options.port, app, threaded=True, use_reloader=options.reload)


if __name__ == "__main__":
    main()
