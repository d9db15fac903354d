"""The controls of the settings pages. All of them write through `/api/v1` in the browser; none is a Dash callback.

After a write that succeeded a control sets the store `SETTINGS_CHANGED`, and the page is rendered anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from dashboards.components import AmberComponent

SETTINGS_CHANGED = "settings-changed"
"""Id of the store whose data is the time of the last write."""

Props = dict[str, Any]


class Form(AmberComponent):
    """Fields and a button that sends them as one JSON body.

    Properties:
        method, path: of the request, the path below `/api/v1/`; `{field}` in it is replaced by that field's value,
            which is then no member of the body.
        fields: descriptions made by `Field.props`.
        submit: text of the button.
        version: the version the form was made from, sent as If-Match.
        done: text of the toast after success.
        once: what to show, once, from the answer: see `shown_once`.
        look: of that button: `primary` (default) or `quiet`.
        opener: text of a button that opens the form in a dialog; without it the form stands on the page.
        title: heading of that dialog.
        layout: `stack` (default), `line` for a field or two with the button behind them, or `cell` for one field
            in a table, whose label only screen readers get.
        keep: the form edits something: it keeps its values and offers its button only when they differ.
        go: address to go to afterwards, with members of the answer in braces.
        fixed: members of the body the reader does not choose.
    """

    props: ClassVar[Sequence[str]] = (
        "method",
        "path",
        "fields",
        "submit",
        "version",
        "done",
        "once",
        "opener",
        "look",
        "title",
        "layout",
        "keep",
        "go",
        "fixed",
    )


class ActionButton(AmberComponent):
    """A button that sends one request, after asking when `confirm` is given.

    Properties:
        method, path, body: of the request.
        label: text of the button; `name` replaces it for screen readers when labels repeat in a list.
        look: `quiet` (default), `danger`, or `icon` for a label of one sign.
        confirm: see `confirmation`.
        once, done, version, go: as of `Form`.
    """

    props: ClassVar[Sequence[str]] = (
        "method",
        "path",
        "body",
        "label",
        "name",
        "look",
        "confirm",
        "once",
        "done",
        "version",
        "go",
    )


class CopyText(AmberComponent):
    """A text in monospace with a button that copies it. `name` is for screen readers; `block` for code."""

    props: ClassVar[Sequence[str]] = ("text", "name", "block", "wrap")


class When(AmberComponent):
    """A moment, RFC 3339, as the time passed since or left; the exact time in the reader's zone and UTC on hover."""

    props: ClassVar[Sequence[str]] = ("at",)


class Refresher(AmberComponent):
    """Renders the page anew every `seconds` while somebody can see it; says so, and can be paused."""

    props: ClassVar[Sequence[str]] = ("seconds", "at")


class ScrubRules(AmberComponent):
    """How a project's data is scrubbed: policies, rules with a live check, and what they make of an event.

    Properties:
        slug: of the project.
        rules, defaults, ip, email: its options `scrub_…` as they hold.
        version: of the project, sent as If-Match.
    """

    props: ClassVar[Sequence[str]] = ("slug", "rules", "defaults", "ip", "email", "version")


class FilterLine(AmberComponent):
    """Fields whose values are parameters of the page's own address."""

    props: ClassVar[Sequence[str]] = ("fields", "submit")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values: what is sent, what is shown, and what it means."""

    value: str
    label: str
    hint: str = ""

    def props(self) -> Props:
        """Return the choice as the components take it."""
        return {"value": self.value, "label": self.label, "hint": self.hint}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form.

    Attributes:
        name: member of the body; a dot puts it into a member that is an object (`options.retention_days`).
        label: above the field.
        kind: text, email, password, hidden, number, prefixes (list of text, one a line), select, checks (list of
            values), expiry (a period from now, sent as a time; empty for never).
        value: at first.
        choices: of select, checks and expiry.
        empty_is_null: an empty field is sent as null.
        empty_sends: an empty field is not sent; a member of this name is sent as true instead.
        follows: name of another field; until the reader types here, this is its value made fit for addresses.
    """

    name: str
    label: str
    kind: str = "text"
    value: Any = ""
    hint: str = ""
    placeholder: str = ""
    required: bool = False
    autocomplete: str = "off"
    choices: tuple[Choice, ...] = ()
    empty_is_null: bool = False
    max_length: int = 200
    pattern: str = ""
    follows: str = ""
    empty_sends: str = ""

    def props(self) -> Props:
        """Return the field as the components take it."""
        return {
            "name": self.name,
            "label": self.label,
            "kind": self.kind,
            "value": self.value,
            "hint": self.hint,
            "placeholder": self.placeholder,
            "required": self.required,
            "autocomplete": self.autocomplete,
            "choices": [choice.props() for choice in self.choices],
            "emptyIsNull": self.empty_is_null,
            "maxLength": self.max_length,
            "pattern": self.pattern,
            "follows": self.follows,
            "emptySends": self.empty_sends,
        }


def field_props(fields: Iterable[Field]) -> list[Props]:
    """Return fields as the components take them."""
    return [field.props() for field in fields]


def confirmation(title: str, text: str, button: str, *, typed: str = "") -> Props:
    """Return what a dialog asks before a destructive act; with `typed` the reader has to type that word."""
    return {"title": title, "text": text, "button": button, "typed": typed}


def shown_once(member: str, title: str, text: str) -> Props:
    """Return how to show a secret of the answer, the only time it can be seen."""
    return {"member": member, "title": title, "text": text}


def choices(values: Mapping[str, str]) -> tuple[Choice, ...]:
    """Return choices from a table of value and meaning, labelled by their value."""
    return tuple(Choice(value, value, hint) for value, hint in values.items())
