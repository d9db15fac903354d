"""`python -m queries.search`: tokens of one search per line, as JSON.

Each line of standard input is a JSON string, or an object `{"query": …, "config": {…}}` whose configuration has the
names of Sentry's parser (`disallowWildcard`, `numericKeys`, …). Each line of output is the list of tokens in the form
of Sentry's grammar cases, or `null` when the text is not a search; the reason goes to standard error. The grammar is
Sentry's own unless `--amber` is given. The clock stands still, at the time of those cases unless `--now` is given, so
that output can be compared.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from collections.abc import Iterator, Sequence
from typing import TextIO

from queries.errors import SyntaxProblem
from queries.search import AMBER, SENTRY, SearchConfig, tokenize
from queries.search.wire import tokens_to_json

FROZEN_NOW = dt.datetime(2017, 10, 17, 2, 41, 20, tzinfo=dt.UTC)


def main(arguments: Sequence[str], lines: Iterator[str], out: TextIO, err: TextIO) -> int:
    """Read searches from `lines` and write their tokens to `out`.

    Returns:
        The exit status: 1 when a line was not of the described form, else 0.
    """
    parser = argparse.ArgumentParser(prog="python -m queries.search", description="Tokens of searches, as JSON.")
    parser.add_argument("--now", type=dt.datetime.fromisoformat, default=FROZEN_NOW, help="time relative dates use")
    parser.add_argument("--amber", action="store_true", help="read with Amber's keys and additions")
    options = parser.parse_args(arguments)
    now = options.now if options.now.tzinfo else options.now.replace(tzinfo=dt.UTC)
    status = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        answer: object = None
        try:
            query, config = _read_line(line, AMBER if options.amber else SENTRY)
        except SyntaxProblem as error:
            err.write(f"line {number}: {error}\n")
            status = 1
        else:
            try:
                answer = tokens_to_json(tokenize(query, config, now), now.astimezone(dt.UTC))
            except SyntaxProblem as problem:
                err.write(f"line {number}: {problem}\n")
        out.write(json.dumps(answer) + "\n")
        out.flush()
    return status


def _read_line(line: str, base: SearchConfig) -> tuple[str, SearchConfig]:
    try:
        given = json.loads(line)
    except RecursionError as error:
        raise SyntaxProblem("the JSON nests too deeply") from error
    except ValueError as error:
        raise SyntaxProblem(f"not JSON: {error}") from error
    if isinstance(given, str):
        return given, base
    if not isinstance(given, dict) or not isinstance(given.get("query"), str):
        raise SyntaxProblem('a line is a JSON string or an object with "query"')
    overrides = given.get("config") or {}
    if not isinstance(overrides, dict):
        raise SyntaxProblem('"config" is an object')
    return given["query"], base.with_overrides(overrides)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], iter(sys.stdin), sys.stdout, sys.stderr))
