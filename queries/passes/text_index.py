r"""Patterns are compared letter by letter, in the form the text indexes understand where one is to be asked.

The engine's own `ILIKE` looks through a block of texts for a part of the pattern and asks RE2 about those found. So
whether a text with the Kelvin sign matches `ask%` depends on the texts stored next to it, and changes with a merge
(seen: 4 of 367 rows, 6 times in 31 runs). `lower` folds the letters of ASCII and nothing else, so

    t0.message ILIKE '%upstream timed out after%'

becomes, with the words that stand whole in the pattern looked up in the index of `lower(column)` first,

    hasAllTokens(lower(t0.message), ['timed', 'out']) AND lower(t0.message) LIKE '%upstream timed out after%'

No row is lost: `upstream` and `after` may be parts of longer words, so they are not looked up. A pattern with letters
beyond ASCII that have two cases is compared by RE2 alone, `match(column, '(?is)…')`: for it `k` is also the Kelvin sign
and `s` the long s, so words with these letters are not looked up then.

Measured with ten million rows, bare words in title and message: a word nowhere 3.5 s against 0.8 s, a common one 1.6 s
against 1.0 s, three words of which one is nowhere 1.1 s against 0.02 s. Searching the dictionary costs as much however
few rows are read: with one of twenty projects a common word took 1.6 to 6.6 times as long as without, with three to six
about as long, with all half. So it is searched for a contained text where several projects are read, else the column is
compared itself, as `position` or behind `identity`: `ILIKE 'null%'` took 421 ms of CPU there, so 370, and 980 by the
dictionary.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

from sqlglot import expressions as exp

from engine.schema import TABLES
from queries.passes.context import PassContext
from queries.passes.nodes import find_all

MAX_WORDS = 4
"""The longest are the rarest; each costs a look-up."""

MANY_PROJECTS = 4
"""From so many projects on the dictionary is searched for a text that is contained: see above."""

_WORD = re.compile(r"[0-9A-Za-z]+")
_FOLDED = frozenset("ksKS")
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_ANY, _ONE = "%", "_"

_INDEXED = frozenset(
    (table.name, column.name)
    for table in TABLES.values()
    for column in table.columns
    if f"text(tokenizer = 'splitByNonAlpha') on lower({column.name})" in column.index
)


def text_index(tree: exp.Expr, context: PassContext) -> exp.Expr:
    """Return the tree without `ILIKE` of known patterns; those on indexed texts that choose rows ask the index."""
    many = len(context.project_ids) >= MANY_PROJECTS
    for node in find_all(tree, exp.ILike):
        value, pattern = node.this, node.expression
        if not _is_text(pattern):
            continue
        signs = list(_signs(pattern.name))
        plain = _has_one_case(pattern.name)
        indexed = isinstance(value, exp.Column) and _indexed(value)
        asks = indexed and many and plain and is_contained(signs) and _chooses(node)
        condition = _compared(value, pattern.name, signs, plain=plain, hidden=indexed and not asks)
        words = whole_words(signs, folded=plain) if indexed and _chooses(node) else []
        if words:
            found = exp.Array(expressions=[exp.Literal.string(word) for word in words])
            looked = exp.Anonymous(this="hasAllTokens", expressions=[_lower(value), found])
            condition = exp.And(this=looked, expression=condition)
        node.replace(exp.Paren(this=condition) if words or isinstance(condition, exp.GT) else condition)
    return tree


def _is_text(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and node.is_string


def _indexed(column: exp.Column) -> bool:
    select = column.find_ancestor(exp.Select)
    source = select.args.get("from_") if select is not None else None
    scan = source.this if isinstance(source, exp.From) else None
    if not isinstance(scan, exp.Table) or column.table != scan.alias_or_name:
        return False
    return (scan.name, column.name) in _INDEXED


def _chooses(node: exp.Expr) -> bool:
    """Whether a condition stands in a WHERE, below nothing but AND and OR: elsewhere no index is asked."""
    place = node.parent
    while isinstance(place, exp.And | exp.Or | exp.Paren):
        place = place.parent
    return isinstance(place, exp.Where)


def _compared(value: exp.Expr, pattern: str, signs: list[tuple[str, bool]], *, plain: bool, hidden: bool) -> exp.Expr:
    """Return the comparison of a text with a pattern, whatever the case of letters.

    Args:
        value: the text.
        pattern: as it stands behind ILIKE.
        signs: of the pattern.
        plain: whether all its letters beyond ASCII have one case.
        hidden: whether it is to be written so that no index is asked.
    """
    if not plain:
        return exp.Anonymous(this="match", expressions=[value.copy(), exp.Literal.string(_expression(signs))])
    if hidden and is_contained(signs):
        text = exp.Literal.string(_ascii_lower("".join(sign for sign, _ in signs[1:-1])))
        place = exp.Anonymous(this="position", expressions=[_lower(value), text])
        return exp.GT(this=place, expression=exp.Literal.number(0))
    folded = exp.Anonymous(this="identity", expressions=[_lower(value)]) if hidden else _lower(value)
    return exp.Like(this=folded, expression=exp.Literal.string(_ascii_lower(pattern)))


def _has_one_case(pattern: str) -> bool:
    """Whether a pattern holds nothing beyond ASCII that has another case."""
    return pattern.isascii() or all(
        sign.isascii() or sign == sign.lower() == sign.upper() == sign.casefold() for sign in pattern
    )


def _expression(signs: list[tuple[str, bool]]) -> str:
    """Return the regular expression of a pattern, in the syntax of RE2."""
    found = [{_ANY: ".*", _ONE: "."}[sign] if special else _bare(sign) for sign, special in signs]
    return rf"(?is)\A{''.join(found)}\z"


def _bare(sign: str) -> str:
    if not sign.isascii() or sign.isalnum():
        return sign
    return rf"\x{{{ord(sign):x}}}"


def is_contained(signs: list[tuple[str, bool]]) -> bool:
    """Whether a pattern is a text between two `%` without other wildcards."""
    ends = len(signs) > 2 and all(sign == (_ANY, True) for sign in (signs[0], signs[-1]))
    return ends and not any(special for _, special in signs[1:-1])


def whole_words(signs: list[tuple[str, bool]], *, folded: bool) -> list[str]:
    """Return the words that every text the pattern matches holds as words of their own, in lower case.

    A word ends at a sign of ASCII that is no letter or digit, or where the text ends. Others, such as `é`, may be parts
    of a word.

    Args:
        signs: of the pattern, each with whether it is a wildcard.
        folded: whether letters compare as `lower` does.
    """
    # Wildcards and signs beyond ASCII become a sign that is part of no word and no end of one.
    plain = "".join("\0" if special or not sign.isascii() else sign for sign, special in signs)
    found = []
    for match in _WORD.finditer(plain):
        around = plain[match.start() - 1 : match.start()] + plain[match.end() : match.end() + 1]
        word = match.group().lower()
        if "\0" not in around and (folded or not _FOLDED & set(word)) and word not in found:
            found.append(word)
    return sorted(found, key=len, reverse=True)[:MAX_WORDS]


def _signs(pattern: str) -> Iterator[tuple[str, bool]]:
    """Yield the signs of a LIKE pattern and whether each is a wildcard; a backslash takes the next as it is."""
    position = 0
    while position < len(pattern):
        sign = pattern[position]
        if sign == "\\" and pattern[position + 1 : position + 2] in {_ANY, _ONE, "\\"}:
            position += 1
            yield pattern[position], False
        else:
            yield sign, sign in {_ANY, _ONE}
        position += 1


def _ascii_lower(text: str) -> str:
    return text.translate(_LOWER)


def _lower(value: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this="lower", expressions=[value.copy()])
