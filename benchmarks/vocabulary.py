"""What the benchmark events are about: error groups with their stacks and messages, transactions, releases, tags.

Made once per seed. Rows refer to it by number, so that a batch of rows is a handful of array look-ups.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

GROUPS_PER_TYPE = 17
MESSAGE_GROUP_EVERY = 20
"""Every twentieth group is a logged message without an exception, the rest are exceptions."""

CHAIN_GROUP_EVERY = 7
"""Every seventh exception group has a cause: its chain holds two exceptions."""

CAUSE_TYPE, CAUSE_VALUE = "ConnectionResetError", "connection reset by peer"

TAGS_ALWAYS: dict[str, int] = {
    "region": 12, "zone": 30, "host": 400, "tenant": 5000, "plan": 4, "locale": 40, "device": 60, "runtime": 8,
}  # fmt: skip
"""Tags on every row, with the number of their values."""

TAGS_SOMETIMES: dict[str, int] = {
    "feature_flag": 25, "payment_provider": 6, "ab_bucket": 10, "k8s_pod": 3000, "channel": 5, "carrier": 20,
    "queue": 15, "db_shard": 32, "cdn_pop": 50, "referrer": 300, "app_screen": 80, "session_kind": 3,
}  # fmt: skip
"""Tags on three rows of ten, with the number of their values."""

LEVELS = ("error", "warning", "info", "fatal", "debug")
ENVIRONMENTS = ("production", "staging", "canary", "dev")
BROWSERS = tuple(f"Browser{n}" for n in range(12))
SYSTEMS = ("Windows", "Android", "iOS", "macOS", "Linux", "ChromeOS", "Fuchsia", "Other")
RUNTIMES = ("CPython 3.11.9", "CPython 3.12.7", "CPython 3.13.1", "PyPy 7.3.17")
LOGGERS = ("app.orders", "app.billing", "app.search", "app.mail")
SERVICES = ("checkout", "billing", "catalog", "search", "account")
VERBS = ("list", "get", "save", "drop", "sync", "send", "load", "push", "poll", "edit")
USERS = 500_000

_PREFIXES = (
    "Value", "Key", "Type", "Runtime", "Timeout", "Connection", "Permission", "Parse", "Render", "Quota", "Auth",
    "Index",
)  # fmt: skip
_SUFFIXES = (
    "Error", "Exception", "Failure", "Warning", "Fault", "Abort", "Reject", "Overflow", "Conflict", "Missing",
)  # fmt: skip
_WORDS = (
    "connection", "refused", "timeout", "reading", "from", "upstream", "cannot", "serialize", "order", "invoice",
    "missing", "field", "unexpected", "token", "null", "value", "permission", "denied", "for", "user", "disk", "quota",
    "exceeded", "retry", "limit", "reached", "invalid", "state", "transition", "deadlock", "detected",
)  # fmt: skip
_NOUNS = ("order", "invoice", "cart", "user", "session", "parcel", "coupon", "ticket", "report", "token")

NEEDLE = "quota exceeded"
"""Text that a known share of the messages holds, for substring queries."""


@dataclass(frozen=True, slots=True)
class Stacks:
    """The frames of all groups, one after another.

    Attributes:
        starts: index of the first frame of each group.
        lengths: number of frames of each group.
        functions, modules, filenames, abs_paths: code of each frame into the names below.
        linenos, in_app, exceptions: value of each frame.
    """

    starts: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int32]
    functions: npt.NDArray[np.int32]
    modules: npt.NDArray[np.int32]
    linenos: npt.NDArray[np.uint32]
    in_app: npt.NDArray[np.bool_]
    exceptions: npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Everything rows choose from. Group g has type `types[g // GROUPS_PER_TYPE]`."""

    types: tuple[str, ...]
    templates: tuple[str, ...]
    fingerprints: npt.NDArray[np.uint64]
    transactions: tuple[str, ...]
    home_transaction: npt.NDArray[np.int32]
    releases: tuple[str, ...]
    function_names: tuple[str, ...]
    module_names: tuple[str, ...]
    stacks: Stacks
    is_message: npt.NDArray[np.bool_]
    has_cause: npt.NDArray[np.bool_]
    culprits: tuple[str, ...]

    @property
    def groups(self) -> int:
        """Number of groups."""
        return len(self.templates)


def vocabulary(seed: int) -> Vocabulary:
    """Build the vocabulary of `seed`; the same seed gives the same one on every machine."""
    rng = np.random.default_rng([seed, 1])
    types = tuple(f"{prefix}{suffix}" for prefix in _PREFIXES for suffix in _SUFFIXES)
    groups = len(types) * GROUPS_PER_TYPE
    transactions = tuple(f"/{s}/{v}/{n}" for n in range(10) for s in SERVICES for v in VERBS)
    functions = tuple(f"{verb}_{noun}" for verb in VERBS for noun in _NOUNS)
    modules = tuple(f"shop.{s}.{noun}s" for s in SERVICES for noun in _NOUNS)
    numbers = np.arange(groups)
    is_message = numbers % MESSAGE_GROUP_EVERY == MESSAGE_GROUP_EVERY - 1
    has_cause = ~is_message & (numbers % CHAIN_GROUP_EVERY == 0)
    stacks = _stacks(rng, is_message, has_cause, len(functions), len(modules))
    last = stacks.starts + stacks.lengths - 1
    return Vocabulary(
        types=types,
        templates=_templates(rng, groups),
        fingerprints=np.array([_fingerprint(seed, g) for g in range(groups)], np.uint64),
        transactions=transactions,
        home_transaction=rng.integers(0, len(transactions), groups).astype(np.int32),
        releases=tuple(f"shop@{n // 20 + 1}.{n // 4 % 5}.{n % 4}" for n in range(60)),
        function_names=functions,
        module_names=modules,
        stacks=stacks,
        is_message=is_message,
        has_cause=has_cause,
        culprits=tuple(
            "" if is_message[g] else f"{modules[stacks.modules[last[g]]]} in {functions[stacks.functions[last[g]]]}"
            for g in range(groups)
        ),
    )


def _templates(rng: np.random.Generator, groups: int) -> tuple[str, ...]:
    words = [" ".join(rng.choice(_WORDS, size=rng.integers(4, 10))) for _ in range(groups)]
    return tuple(f"{text} {NEEDLE}" if index % 50 == 3 else text for index, text in enumerate(words))


def _fingerprint(seed: int, group: int) -> int:
    return int.from_bytes(hashlib.blake2b(f"{seed}/{group}".encode(), digest_size=8).digest(), "big")


def _stacks(
    rng: np.random.Generator,
    is_message: npt.NDArray[np.bool_],
    has_cause: npt.NDArray[np.bool_],
    functions: int,
    modules: int,
) -> Stacks:
    lengths = np.where(is_message, 0, rng.integers(4, 10, len(is_message))).astype(np.int32)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
    total = int(lengths.sum())
    position = np.arange(total) - np.repeat(starts, lengths)
    cause_frames = np.repeat(np.where(has_cause, lengths // 2, 0), lengths)
    return Stacks(
        starts=starts,
        lengths=lengths,
        functions=rng.integers(0, functions, total).astype(np.int32),
        modules=rng.integers(0, modules, total).astype(np.int32),
        linenos=rng.integers(10, 900, total).astype(np.uint32),
        in_app=rng.random(total) < 0.6,
        exceptions=(position >= cause_frames).astype(np.uint8) * np.repeat(has_cause, lengths).astype(np.uint8),
    )
