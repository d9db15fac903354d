"""Stack-trace rules: whose code a frame is, and whether it counts for grouping.

One rule a line, as Sentry's grouping enhancements write them:

    # comment
    stack.module:shop.* +app
    stack.abs_path:**/vendor/** -app -group
    family:javascript stack.function:render* ^-group
    function:raise_for_status v-app
    path:**/generated/** max-frames=3

All matchers of a line must hold; `!` before one turns it around. Later lines win. `^` before an action means the frames
that called the one that fits, `v` those it called. `max-frames` and `min-frames` say how many frames may, and must,
count in a stack in which any frame fits. `*` stands for any characters, in paths for any but `/`; `**` for any.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from ml.grouping._read import FRAME_OPTION, text
from ml.grouping.project._matchers import FRAME_NAMES, MAX_RULES, WORD, Matcher, lines_of, read_matcher
from ml.grouping.project._problems import GroupingRulesInvalid, RuleProblem

FIELD: Final = "options.in_app_rules"
_ACTION = re.compile(r"(?P<range>[\^v]?)(?P<sign>[+-])(?P<what>app|group)")
_LIMIT = re.compile(r"(?P<what>max-frames|min-frames)=(?P<count>\d{1,4})")
_MEMBERS: Final = {"app": "in_app", "group": FRAME_OPTION}


@dataclass(frozen=True, slots=True)
class Action:
    """What a rule does: sets a member of frames in a range (``, `^`, `v`), or limits their number."""

    what: str
    on: bool = True
    reach: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True)
class StackRule:
    """One line: what must hold, and what it does then."""

    matchers: tuple[Matcher, ...]
    actions: tuple[Action, ...]

    @property
    def in_app(self) -> bool | None:
        """What it says of the frame itself being the project's own, None when nothing."""
        return next((a.on for a in reversed(self.actions) if a.what == "app" and not a.reach), None)

    def fits(self, frame: dict[str, Any], platform: str) -> bool:
        """Tell whether it is about a frame."""
        return all(matcher.holds(frame, platform) for matcher in self.matchers)


@lru_cache(maxsize=200)
def parse_stack_rules(rules: str) -> tuple[StackRule, ...]:
    """Return the rules of a text, in its order.

    Raises:
        GroupingRulesInvalid: with every problem and its place.
    """
    found: list[StackRule] = []
    problems: list[RuleProblem] = []
    for number, line in lines_of(rules):
        rule = _rule(line, number, problems)
        if rule is not None:
            found.append(rule)
    if len(found) > MAX_RULES:
        problems.append(RuleProblem(1, 1, 1, f"There are {len(found)} rules.", f"At most {MAX_RULES} can be used."))
    if problems:
        raise GroupingRulesInvalid(problems, FIELD)
    return tuple(found)


def in_app_by_rules(frame: dict[str, Any], platform: str, rules: Sequence[StackRule]) -> bool | None:
    """Return what the last rule that fits a frame says of it alone, None when none does."""
    for rule in reversed(rules):
        said = rule.in_app
        if said is not None and rule.fits(frame, platform):
            return said
    return None


def ruled_frames(frames: list[dict[str, Any]], platform: str, rules: Sequence[StackRule]) -> None:
    """Apply the actions that reach beyond one frame's being in-app: ranges, `group`, numbers of frames.

    Args:
        frames: of one stack, oldest first, `in_app` decided; changed in place.
        platform: of the event; a frame's own counts before it.
        rules: in their order.
    """
    for rule in rules:
        if rule.in_app is not None and len(rule.actions) == 1:
            continue
        places = [i for i, frame in enumerate(frames) if rule.fits(frame, text(frame.get("platform")) or platform)]
        for action in rule.actions if places else ():
            _act(action, frames, places)


def _act(action: Action, frames: list[dict[str, Any]], places: list[int]) -> None:
    if action.what in _MEMBERS:
        # Of ranges the widest holds the others, so that a stack is walked once however many of its frames fit.
        around = {"": places, "^": range(places[-1]), "v": range(places[0] + 1, len(frames))}[action.reach]
        for place in around:
            frames[place][_MEMBERS[action.what]] = action.on
        return
    counting = [f for f in reversed(frames) if f.get("in_app") is True and f.get(FRAME_OPTION) is not False]
    beyond = counting[action.count :] if action.what == "max-frames" else frames if len(counting) < action.count else []
    for frame in beyond:
        frame[FRAME_OPTION] = False


def _rule(line: str, number: int, problems: list[RuleProblem]) -> StackRule | None:
    matchers: list[Matcher] = []
    actions: list[Action] = []
    before = len(problems)
    for word in WORD.finditer(line):
        action = _action(word.group())
        matcher = None if action or actions else read_matcher(word.group())
        if action:
            actions.append(action)
        elif matcher is not None and matcher.level == "frame":
            matchers.append(matcher)
        else:
            problems.append(_problem(number, word.start(), word.end(), word.group(), is_late=bool(actions)))
    if len(problems) > before:
        return None
    if not actions or not matchers:
        hint = "Such as stack.module:shop.* +app; there are also +group, -group, max-frames=N and min-frames=N."
        message = "A rule is one or more matchers and then +app or -app."
        problems.append(RuleProblem(number, 1, len(line) + 1, message, hint))
        return None
    return StackRule(tuple(matchers), tuple(actions))


def _action(word: str) -> Action | None:
    if (match := _ACTION.fullmatch(word)) is not None:
        return Action(match["what"], match["sign"] == "+", match["range"])
    if (match := _LIMIT.fullmatch(word)) is not None:
        return Action(match["what"], count=int(match["count"]))
    return None


def _problem(number: int, start: int, end: int, word: str, *, is_late: bool) -> RuleProblem:
    word = word[:100]
    if word in {"[", "|", "]"} or word.startswith(("invert-stacktrace", "category=")):
        hint = "Write a rule for the frame itself, with ^ or v for those around it."
        return RuleProblem(number, start + 1, end + 1, f"{word!r} is not supported here.", hint)
    if is_late:
        return RuleProblem(
            number, start + 1, end + 1, f"{word!r} stands behind the action.", "The actions end the line."
        )
    hint = f"Write one of {', '.join(FRAME_NAMES)} with a colon and a pattern, or +app, -app, +group, -group."
    return RuleProblem(number, start + 1, end + 1, f"{word!r} is no matcher.", hint)
