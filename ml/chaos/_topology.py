"""Makes a system: services in layers, what they ask of each other, and where requests come in."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Final

from ml.chaos._model import Call, Entry, Node, NodeKind, Operation, System

_ENTRANCES: Final = ("web-gateway", "mobile-api", "partner-api", "storefront")
_FIRST: Final = ("checkout", "catalog", "search", "accounts", "cart", "orders", "profile", "booking")
_SECOND: Final = ("payments", "pricing", "inventory", "shipping", "reviews", "recommendations", "loyalty", "quotes")
_THIRD: Final = ("tax", "fraud", "currency", "media", "addresses", "limits", "ledger", "rates")
_WORKERS: Final = ("mailer", "indexer", "invoicer", "exporter")
_LANGUAGES: Final = ("python", "python", "nodejs", "java", "go")
_VERBS: Final = (("GET", "/{name}/{{id}}"), ("POST", "/{name}"), ("GET", "/{name}"), ("PUT", "/{name}/{{id}}"))
_STATEMENTS: Final = (
    "SELECT * FROM {table} WHERE id = ?",
    "SELECT id, state, total FROM {table} WHERE owner_id = ? ORDER BY created_at DESC LIMIT ?",
    "INSERT INTO {table} (id, owner_id, state, total) VALUES (?, ?, ?, ?)",
    "UPDATE {table} SET state = ? WHERE id = ?",
    "SELECT count(*) FROM {table} WHERE state = ? AND updated_at > ?",
)
_CACHED: Final = ("GET {table}:?", "MGET {table}:?", "SETEX {table}:? ?")
_OUTSIDE: Final = (
    ("api.paycircle.example", "POST /v2/charges"),
    ("rates.geodata.example", "GET /v1/lookup"),
    ("mail.postbote.example", "POST /messages"),
    ("id.signin.example", "POST /oauth/introspect"),
    ("tracking.parcels.example", "GET /shipments"),
)
_TENANTS: Final = 24
_CORES: Final = ("orders", "users", "stock", "events")


def made_system(dice: random.Random) -> System:
    """Return a system of 8 to 15 services."""
    layers = _layers(dice)
    stores = _stores(dice)
    outside = _outside(dice)
    workers = dice.sample(_WORKERS, 1 if sum(map(len, layers)) < 12 else 2)
    queue = _queue(dice, workers)
    nodes: dict[str, Node] = {}
    below: list[tuple[str, str]] = []
    leaves = [*stores, *outside]
    for depth in range(len(layers) - 1, -1, -1):
        made = [_service(dice, name, depth, (below, leaves)) for name in layers[depth]]
        below = [(node.name, one.name) for node in made for one in node.operations]
        nodes = {**{node.name: node for node in made}, **nodes}
    nodes = _all_reached(dice, nodes, layers)
    nodes = _with_queue(dice, nodes, layers[1], queue)
    for worker in workers:
        nodes[worker] = _worker(dice, worker, leaves)
    nodes.update({one.name: one for one in (*stores, *outside, queue)})
    entries = _entries(dice, [nodes[name] for name in layers[0]])
    return System(_used(nodes, entries), entries, _tenants(dice))


def flows(system: System, *, needed: bool = False) -> list[Mapping[tuple[str, str], float]]:
    """Return, for each entry, how often a request of it asks each (node, operation).

    Args:
        system: whose.
        needed: only what the answer waits for and cannot do without.
    """
    return [_flow(system, entry, needed=needed) for entry in system.entries]


def expected_ms(system: System, node: str, operation: str) -> float:
    """Return about how long an operation takes, with what it asks of others."""
    made = system.nodes[node].operation(operation)
    calls = sum(
        call.chance * expected_ms(system, call.target, call.operation) for call in made.calls if _waits(system, call)
    )
    return made.work_ms + calls


def _waits(system: System, call: Call) -> bool:
    return system.nodes[call.target].kind is not NodeKind.QUEUE


def _flow(system: System, entry: Entry, *, needed: bool) -> Mapping[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}

    def visit(node: str, operation: str, weight: float) -> None:
        found[node, operation] = found.get((node, operation), 0.0) + weight
        for call in system.nodes[node].operation(operation).calls:
            if needed and (call.optional or not _waits(system, call)):
                continue
            visit(call.target, call.operation, weight * call.chance)

    visit(entry.node, entry.operation, 1.0)
    return found


def _layers(dice: random.Random) -> list[list[str]]:
    sizes = dice.choice(((1, 3, 2, 1), (1, 3, 3, 2), (2, 3, 3, 2), (2, 4, 4, 2), (2, 4, 4, 3)))
    names = (_ENTRANCES, _FIRST, _SECOND, _THIRD)
    return [dice.sample(of, size) for of, size in zip(names, sizes, strict=True)]


def _instances(dice: random.Random, name: str, most: int = 4) -> tuple[str, ...]:
    tag = "".join(dice.choice("bcdfghjklmnpqrstvwxz2456789") for _ in range(5))
    return tuple(f"{name}-{tag}-{number}" for number in range(dice.randint(2, most)))


def _stores(dice: random.Random) -> list[Node]:
    """Return two or three databases and a cache."""
    made = []
    for table in dice.sample(_CORES, dice.randint(2, 3)):
        system = dice.choice(("postgresql", "postgresql", "mysql"))
        statements = dice.sample(_STATEMENTS, 4)
        operations = tuple(
            Operation(text.format(table=table), round(dice.uniform(1.5, 9.0), 1), 0.45) for text in statements
        )
        name = f"{table}-db"
        load = round(dice.uniform(0.2, 0.45), 2)
        made.append(Node(name, NodeKind.DATABASE, system, operations, (f"{name}-0",), load, name))
    cached = tuple(Operation(text.format(table="session"), round(dice.uniform(0.3, 0.9), 2), 0.4) for text in _CACHED)
    made.append(Node("session-cache", NodeKind.CACHE, "redis", cached, ("session-cache-0",), 0.2, "session-cache"))
    return made


def _outside(dice: random.Random) -> list[Node]:
    return [
        Node(
            host, NodeKind.EXTERNAL, "", (Operation(route, dice.uniform(45, 140), 0.4, (), 0.002),), (host,), 0.2, host
        )
        for host, route in dice.sample(_OUTSIDE, dice.randint(2, 3))
    ]


def _queue(dice: random.Random, workers: Sequence[str]) -> Node:
    operations = tuple(
        Operation(f"{worker}.jobs", 1.2, 0.4, (Call(worker, f"process {worker}.jobs"),)) for worker in workers
    )
    return Node(
        "message-bus",
        NodeKind.QUEUE,
        dice.choice(("kafka", "rabbitmq")),
        operations,
        ("message-bus-0",),
        0.2,
        "message-bus",
    )


def _worker(dice: random.Random, name: str, leaves: Sequence[Node]) -> Node:
    calls = tuple(_leaf_call(dice, leaf) for leaf in dice.sample(list(leaves), 2))
    operation = Operation(f"process {name}.jobs", dice.uniform(15, 60), 0.4, calls, 0.002)
    return Node(
        name,
        NodeKind.SERVICE,
        dice.choice(_LANGUAGES),
        (operation,),
        _instances(dice, name, 2),
        0.35,
        name,
    )


def _service(
    dice: random.Random, name: str, depth: int, asked: tuple[Sequence[tuple[str, str]], Sequence[Node]]
) -> Node:
    below, leaves = asked
    operations = []
    for method, route in dice.sample(_VERBS, dice.randint(2, 3) if depth < 2 else dice.randint(1, 2)):
        calls = _calls(dice, depth, below, leaves)
        label = f"{method} /api{route.format(name=name)}" if depth == 0 else f"{method} {route.format(name=name)}"
        work = dice.uniform(4, 14) if depth == 0 else dice.uniform(6, 32)
        operations.append(Operation(label, round(work, 1), round(dice.uniform(0.25, 0.45), 2), calls, _everyday(dice)))
    load = round(dice.uniform(0.25, 0.5), 2)
    return Node(
        name,
        NodeKind.SERVICE,
        dice.choice(_LANGUAGES),
        tuple(operations),
        _instances(dice, name),
        load,
        name,
    )


def _everyday(dice: random.Random) -> float:
    return round(dice.choice((0.0005, 0.001, 0.002, 0.004)), 4)


def _calls(
    dice: random.Random, depth: int, below: Sequence[tuple[str, str]], leaves: Sequence[Node]
) -> tuple[Call, ...]:
    made = []
    if below:
        most = 3 if depth == 0 else 2
        for target, operation in dice.sample(list(below), min(len(below), dice.randint(1, most))):
            made.append(
                Call(
                    target,
                    operation,
                    dice.choice((1.0, 1.0, 0.8, 0.5)),
                    dice.choice((2000.0, 3000.0, 5000.0)),
                    dice.choice((0, 0, 1)),
                    dice.random() < 0.15,
                )
            )
    if depth:
        made += [_leaf_call(dice, leaf) for leaf in dice.sample(list(leaves), dice.choice((1, 1, 2)))]
        dice.shuffle(made)
    return tuple(made)


def _leaf_call(dice: random.Random, leaf: Node) -> Call:
    operation = dice.choice(leaf.operations).name
    if leaf.kind is NodeKind.EXTERNAL:
        return Call(leaf.name, operation, dice.choice((1.0, 0.6)), 2500.0, dice.choice((0, 1)))
    if leaf.kind is NodeKind.CACHE:
        return Call(leaf.name, operation, 1.0, 500.0, 0, optional=True)
    return Call(leaf.name, operation, dice.choice((1.0, 1.0, 0.7)), 8000.0)


def _added(node: Node, at: int, call: Call) -> Node:
    """Return a node one of whose operations makes another call."""
    operations = list(node.operations)
    old = operations[at]
    operations[at] = Operation(old.name, old.work_ms, old.spread, (*old.calls, call), old.error_rate)
    return Node(node.name, node.kind, node.system, tuple(operations), node.instances, node.utilisation, node.address)


def _all_reached(dice: random.Random, nodes: dict[str, Node], layers: Sequence[Sequence[str]]) -> dict[str, Node]:
    """Let every service be asked by one of the layer above, so that none is there for nothing."""
    for depth in range(1, len(layers)):
        for name in layers[depth]:
            asked = {c.target for above in layers[:depth] for n in above for o in nodes[n].operations for c in o.calls}
            if name not in asked:
                caller = nodes[dice.choice(layers[depth - 1])]
                call = Call(name, dice.choice(nodes[name].operations).name, 1.0, 3000.0, dice.choice((0, 1)))
                nodes[caller.name] = _added(caller, dice.randrange(len(caller.operations)), call)
    return nodes


def _with_queue(dice: random.Random, nodes: dict[str, Node], senders: Sequence[str], queue: Node) -> dict[str, Node]:
    for operation in queue.operations:
        sender = nodes[dice.choice(list(senders))]
        call = Call(queue.name, operation.name, dice.choice((1.0, 0.5)), 1000.0, 0, optional=True)
        nodes[sender.name] = _added(sender, dice.randrange(len(sender.operations)), call)
    return nodes


def _entries(dice: random.Random, fronts: Sequence[Node]) -> tuple[Entry, ...]:
    places = [(node.name, one.name) for node in fronts for one in node.operations]
    weights = [dice.uniform(0.6, 2.2) for _ in places]
    total = sum(weights)
    return tuple(Entry(node, name, weight / total) for (node, name), weight in zip(places, weights, strict=True))


def _used(nodes: Mapping[str, Node], entries: Sequence[Entry]) -> dict[str, Node]:
    """Return the nodes requests can reach."""
    reached: set[str] = set()
    waiting = [entry.node for entry in entries]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [call.target for one in nodes[name].operations for call in one.calls]
    return {name: node for name, node in nodes.items() if name in reached}


def _tenants(dice: random.Random) -> dict[str, float]:
    """Return names with shares that fall as those of customers do: a few large ones, many small ones."""
    names = [f"tenant-{dice.randrange(1000, 9999)}" for _ in range(_TENANTS)]
    weights = {name: 1 / (rank + 3) for rank, name in enumerate(dict.fromkeys(names))}
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items()}
