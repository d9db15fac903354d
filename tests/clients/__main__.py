"""`python -m tests.clients python|node|node-static DSN`: reports to any DSN and prints the ids."""

from __future__ import annotations

import json
import sys

from tests.clients.run import run_node, run_python

_CLIENTS = {
    "python": run_python,
    "node": run_node,
    "node-static": lambda dsn: run_node(dsn, "static"),
}

if len(sys.argv) != 3 or sys.argv[1] not in _CLIENTS:
    raise SystemExit(__doc__)
print(json.dumps(_CLIENTS[sys.argv[1]](sys.argv[2]), indent=2))
