"""The grouping versions on offer."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from engine.errors import StateError
from ml.grouping._algorithm import Algorithm
from ml.grouping._explain import Explanation, explained
from ml.grouping._model import Grouping
from ml.grouping._v1 import V1
from ml.grouping._v2 import V2

DEFAULT_VERSION: Final = "v1"
"""What is meant where nobody says; new projects get `NEWEST_VERSION`."""
NEWEST_VERSION: Final = "v2"
VERSIONS: Final[Mapping[str, Algorithm]] = MappingProxyType({rules.name: Algorithm(rules) for rules in (V1, V2)})


class UnknownGroupingVersion(StateError):
    """A configuration names a grouping version this installation does not have."""

    code = "unknown-grouping-version"


def fingerprint(event: Mapping[str, Any], version: str = DEFAULT_VERSION) -> Grouping:
    """The group of a normalised event.

    The same event gives the same answer in every process and on every machine. Odd shapes are read as
    absent values; no event raises.

    Args:
        event: the event in Sentry's event format (`exception`, `threads`, `stacktrace`, `logentry`,
            `fingerprint`, ...), frames and exceptions oldest first.
        version: name of the rules to use.

    Raises:
        UnknownGroupingVersion: when no such version exists here.
    """
    return _algorithm(version).group(event)


def explain(event: Mapping[str, Any], version: str = DEFAULT_VERSION) -> Explanation:
    """The group of a normalised event with the reasons for it.

    Raises:
        UnknownGroupingVersion: when no such version exists here.
    """
    return explained(_algorithm(version), event)


def parameterise(message: str, version: str = DEFAULT_VERSION) -> str:
    """The message with numbers, ids, addresses, paths and the like as `<label>` placeholders.

    Raises:
        UnknownGroupingVersion: when no such version exists here.
    """
    return _algorithm(version).mask(message)


def _algorithm(version: str) -> Algorithm:
    algorithm = VERSIONS.get(version)
    if algorithm is None:
        raise UnknownGroupingVersion(
            f"Grouping version {version!r} is not known here.", hint=f"Known: {', '.join(sorted(VERSIONS))}."
        )
    return algorithm
