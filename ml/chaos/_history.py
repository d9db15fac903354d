"""What was changed and when: commits, releases and deploys, settings and flags; most of it harmless."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ml.chaos._code import Code, edited
from ml.chaos._git import Repository
from ml.chaos._model import DAY_S, HOUR_S, Changed, Node, System

_AUTHORS: Final = (
    "Ada Brandt",
    "Bo Lindqvist",
    "Chidi Okafor",
    "Dana Reyes",
    "Emil Kovacs",
    "Farah Haddad",
    "Gus Meyer",
)
_PAST_DAYS: Final = 11
_ROLL_S: Final = 25.0
"""How long a deploy takes for each machine."""

REPOSITORY: Final = "platform"
"""The name of the repository; a directory `platform.git`."""

Edit = Callable[[random.Random, Code], tuple[Code, str]]
"""Changes the code of a service and tells the message of the commit."""


@dataclass(frozen=True, slots=True)
class Release:
    """A release of a service.

    Attributes:
        service: whose.
        version: as events say it, `service@1.4.2`.
        commit: it was built from.
        previous: the commit of the release before; empty for the first.
        code: of the service at that commit.
        at: when it was built.
        deployed: when each machine began to run it.
    """

    service: str
    version: str
    commit: str
    previous: str
    code: Code
    at: float
    deployed: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Planned:
    """A release that is to be made.

    Attributes:
        service: of which.
        deploy_at: when its deploy begins.
        edit: what its last commit does to the code; None for something harmless.
        id: of the deploy; empty for one that is drawn.
        back: whether it goes back to the release before the last.
    """

    service: str
    deploy_at: float
    edit: Edit | None = None
    id: str = ""
    back: bool = False


@dataclass(slots=True)
class History:
    """The repository, releases in order of time by service, and what was told of changes.

    Attributes:
        repository: with all commits.
        releases: by service.
        changes: all of them, in order of time.
        wanted: commits of releases whose last commit had an edit of its own, by id of their deploy.
    """

    repository: Repository = field(default_factory=Repository)
    releases: dict[str, list[Release]] = field(default_factory=dict)
    changes: list[Changed] = field(default_factory=list)
    wanted: dict[str, Release] = field(default_factory=dict)

    def running(self, service: str, instance: str, at: float) -> Release:
        """Return the release a machine runs at a moment."""
        made = self.releases[service]
        number = len(made) - 1
        while number and made[number].deployed.get(instance, made[number].at) > at:
            number -= 1
        return made[number]


def new_id(dice: random.Random) -> str:
    """Return 32 drawn hex digits."""
    return f"{dice.getrandbits(128):032x}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a history is made of.

    Attributes:
        codes: the first code of each service.
        spared: a function of a service that harmless commits leave alone.
        releases: of the time of the data, in any order.
        begin: of the data; the history reaches days further back.
    """

    codes: Mapping[str, Code]
    spared: Mapping[str, str]
    releases: Sequence[Planned]
    begin: float


def made_history(dice: random.Random, system: System, plan: Plan) -> History:
    """Return the history of a system; `dice` decide what is harmless."""
    history = History()
    writer = _Writer(dice, history, plan, {node.name: node for node in system.services})
    begin = plan.begin
    start = begin - _PAST_DAYS * DAY_S
    writer.begin(start)
    past = [
        Planned(node.name, dice.uniform(start + DAY_S, begin - 3 * HOUR_S))
        for node in system.services
        for _ in range(dice.randint(1, 3))
    ]
    for one in sorted([*past, *plan.releases], key=lambda each: (each.deploy_at, each.service)):
        writer.release(one)
    history.changes.sort(key=lambda change: (change.at, change.id))
    return history


class _Writer:
    """Makes commits and releases one after the other."""

    def __init__(self, dice: random.Random, history: History, plan: Plan, nodes: Mapping[str, Node]) -> None:
        self._dice = dice
        self._history = history
        self._codes = dict(plan.codes)
        self._spared = plan.spared
        self._nodes = nodes
        self._versions = {name: [1, dice.randint(2, 30), 0] for name in plan.codes}
        self._now = 0.0

    def begin(self, at: float) -> None:
        """Commit all code and give each service its first release."""
        self._now = at
        sha = self._commit("Begin", at)
        for service in self._codes:
            self._add(service, sha, at, at, new_id(self._dice))

    def release(self, planned: Planned) -> None:
        """Make the commits of a release, and deploy it."""
        dice, service = self._dice, planned.service
        deploy_id = planned.id or new_id(dice)
        if planned.back:
            self._back(planned, deploy_id)
            return
        # The release is built minutes before its deploy, its last commit some time before that; what was committed for
        # other services meanwhile came first, because a repository has one order.
        built = max(self._now + 60, planned.deploy_at - dice.uniform(150, 900))
        latest = max(self._now + 30, built - dice.uniform(240, 5400))
        count = dice.randint(1, 3)
        for number in range(count):
            edit = planned.edit if planned.edit is not None and number == count - 1 else None
            sha = self._change(service, edit, latest)
            latest = min(built - 20, latest + dice.uniform(20, 200))
            if edit is None and number < count - 1 and dice.random() < 0.4:
                other = dice.choice(sorted(self._codes))
                self._change(other, None, latest)
        built = max(built, self._now + 20)
        self._now = built
        made = self._add(service, sha, built, max(planned.deploy_at, built + 30), deploy_id)
        if planned.edit is not None:
            self._history.wanted[deploy_id] = made

    def _change(self, service: str, edit: Edit | None, at: float) -> str:
        if edit is None:
            self._codes[service], message = edited(self._dice, self._codes[service], self._spared.get(service, ""))
        else:
            self._codes[service], message = edit(self._dice, self._codes[service])
        return self._commit(message, at)

    def _commit(self, message: str, at: float) -> str:
        self._now = max(self._now + 5, at)
        files = {file.path: file.text() for code in self._codes.values() for file in code.files}
        files["README.md"] = "# Platform\n\nThe services and what they share.\n"
        return self._history.repository.commit(files, self._author(), int(self._now), message)

    def _author(self) -> tuple[str, str]:
        name = self._dice.choice(_AUTHORS)
        return name, f"{name.split()[0].lower()}@platform.example"

    def _add(self, service: str, sha: str, built: float, deploy_at: float, deploy_id: str) -> Release:
        version = self._versions[service]
        version[1 if self._dice.random() < 0.6 else 2] += 1
        name = f"{service}@{version[0]}.{version[1]}.{version[2]}"
        before = self._history.releases.setdefault(service, [])
        rolled = {one: deploy_at + number * _ROLL_S for number, one in enumerate(self._nodes[service].instances)}
        made = Release(service, name, sha, before[-1].commit if before else "", self._codes[service], built, rolled)
        self._history.repository.tags[name.replace("@", "-")] = sha
        old = before[-1].version if before else ""
        before.append(made)
        if old:
            self._tell(made, old, deploy_id)
        return made

    def _back(self, planned: Planned, deploy_id: str) -> None:
        made = self._history.releases[planned.service]
        old, bad = made[-2], made[-1]
        rolled = {one: planned.deploy_at + number * _ROLL_S for number, one in enumerate(old.deployed)}
        again = replace(old, at=planned.deploy_at, deployed=rolled)
        made.append(again)
        title = f"Roll back {planned.service} to {old.version.partition('@')[2]}"
        author = self._author()[0]
        self._history.changes.append(
            Changed(
                deploy_id,
                "deploy",
                planned.deploy_at,
                planned.service,
                title,
                author,
                old.version,
                bad.version,
                old.version,
            )
        )

    def _tell(self, made: Release, old: str, deploy_id: str) -> None:
        number = made.version.partition("@")[2]
        author = self._author()[0]
        first = min(made.deployed.values())
        release = Changed(
            new_id(self._dice), "release", made.at, made.service, f"{made.service} {number}", author, made.version, old
        )
        title = f"Deploy {made.service} {number} to production"
        deploy = Changed(deploy_id, "deploy", first, made.service, title, author, made.version, old)
        self._history.changes += [replace(one, after=made.version) for one in (release, deploy)]
