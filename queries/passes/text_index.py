r"""Text conditions in the form the text indexes understand.

The indexes hold the words of `lower(column)`. A text contained anywhere is looked up in their dictionary, and words
that stand whole in the pattern are looked up before the pattern is compared:

    t0.message ILIKE '%upstream timed out after%'

becomes

    hasAllTokens(lower(t0.message), ['timed', 'out']) AND lower(t0.message) LIKE '%upstream timed out after%'

No row is lost. `upstream` and `after` may be parts of longer words, so they are not looked up. A pattern that only says
"contained" and holds ASCII alone compares as `lower` does: the engine folds letters one by one then. Any other pattern
is compared by RE2, for which `k` is also the Kelvin sign and `s` the long s; it stays as it is, and words with these
letters are not looked up.

Measured with ten million rows, bare words in title and message: a word nowhere 3.5 s against 0.8 s, a common one 1.6 s
against 1.0 s, three words of which one is nowhere 1.1 s against 0.02 s. Searching the dictionary costs as much however
few rows are read: with one of twenty projects a common word took 1.6 to 6.6 times as long as without, with three to six
about as long, with all half. So it is searched where several projects are read, else the column is compared itself.
"""

from __future__ import annotations

import re
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
_ANY, _ONE = "%", "_"

_INDEXED = frozenset(
    (table.name, column.name)
    for table in TABLES.values()
    for column in table.columns
    if f"text(tokenizer = 'splitByNonAlpha') on lower({column.name})" in column.index
)


def text_index(tree: exp.Expr, context: PassContext) -> exp.Expr:
    """Return the tree with conditions on indexed texts rewritten, where they choose rows."""
    many = len(context.project_ids) >= MANY_PROJECTS
    for node in find_all(tree, exp.ILike):
        column, pattern = node.this, node.expression
        if not (isinstance(column, exp.Column) and _is_text(pattern) and _indexed(column)):
            continue
        signs = list(_signs(pattern.name))
        if _chooses(node):
            node.replace(_looked_up(node, column, pattern.name, many=many))
        elif is_contained(signs):
            node.replace(exp.Paren(this=_contains(column, signs)))
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


def _looked_up(node: exp.ILike, column: exp.Column, pattern: str, *, many: bool) -> exp.Expr:
    signs = list(_signs(pattern))
    contained = is_contained(signs)
    condition: exp.Expr = node.copy()
    if contained and many:
        condition = exp.Like(this=_lower(column), expression=exp.Literal.string(_ascii_lower(pattern)))
    elif contained:
        condition = _contains(column, signs)
    words = whole_words(signs, folded=contained)
    if not words:
        return condition
    found = exp.Array(expressions=[exp.Literal.string(word) for word in words])
    looked = exp.Anonymous(this="hasAllTokens", expressions=[_lower(column), found])
    return exp.Paren(this=exp.And(this=looked, expression=condition))


def is_contained(signs: list[tuple[str, bool]]) -> bool:
    """Whether a pattern is a text of ASCII signs between two `%`, which the engine compares sign by sign."""
    inner = signs[1:-1]
    ends = len(signs) > 2 and all(sign == (_ANY, True) for sign in (signs[0], signs[-1]))
    return ends and all(not special and sign.isascii() for sign, special in inner)


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
    return text.encode().lower().decode()


def _contains(column: exp.Column, signs: list[tuple[str, bool]]) -> exp.Expr:
    """Return the comparison of `lower(column) LIKE` with a contained text, written so that no index is asked."""
    text = _ascii_lower("".join(sign for sign, _ in signs[1:-1]))
    place = exp.Anonymous(this="position", expressions=[_lower(column), exp.Literal.string(text)])
    return exp.GT(this=place, expression=exp.Literal.number(0))


def _lower(column: exp.Column) -> exp.Expr:
    return exp.Anonymous(this="lower", expressions=[column.copy()])
