"""The base of Amber's own components: a Python class whose instances Dash turns into elements of `window.amber_ui`.

A component is declared once, by a subclass that names its properties; the TypeScript of the same name is exported by
`frontend/src/index.ts`, and a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from dash.development.base_component import Component

NAMESPACE = "amber_ui"


class AmberComponent(Component):
    """A component of `window.amber_ui`.

    Attributes:
        props: names of the properties; `id` and `children` are always allowed.
    """

    props: ClassVar[Sequence[str]] = ()
    _namespace = NAMESPACE
    _valid_wildcard_attributes: list[str] = []  # noqa: RUF012  # as Dash declares them
    available_wildcard_properties: list[str] = []  # noqa: RUF012
    available_properties: list[str]

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        cls._type = cls.__name__
        cls._prop_names = ["children", "id", *cls.props]
        cls.available_properties = cls._prop_names

    def __init__(self, children: Any = None, **props: Any) -> None:
        given = props if children is None else {"children": children, **props}
        super().__init__(**given)  # type: ignore[no-untyped-call]


def declared_components() -> tuple[type[AmberComponent], ...]:
    """Return every declared component; those of features whose modules were not imported are missing."""
    return tuple(AmberComponent.__subclasses__())
