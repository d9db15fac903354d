"""Every scalar function computed by plain Python over the rows of `scalar_rows`."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import math
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from tests.queries_compile.scalar_rows import NOW, ZONES, Row

Compute = Callable[[Row], Any]


def text(row: Row) -> str | None:
    """Return the message, None when it is missing."""
    return row["message"] or None


def tag(row: Row, name: str) -> str | None:
    """Return a tag."""
    found: str | None = dict(row["tags"]).get(name)
    return found


def on(read: Callable[[Row], Any], compute: Callable[[Any], Any]) -> Compute:
    """Return the computation of a value that is missing where what it reads is."""
    return lambda row: None if read(row) is None else compute(read(row))


def of_text(compute: Callable[[str], Any]) -> Compute:
    """Return a computation over the message."""
    return on(text, compute)


def moment(row: Row) -> dt.datetime | None:
    """Return the time in the tag `at`."""
    at = tag(row, "at")
    return None if at in {None, "soon"} else dt.datetime.fromisoformat(str(at))


def in_zone(compute: Callable[[dt.datetime], Any], zone: str = "UTC") -> Compute:
    """Return a computation over the tag's time as the clock of a zone shows it."""
    return on(moment, lambda at: compute(at.astimezone(ZoneInfo(zone))))


def number(row: Row) -> float | None:
    """Return the tag `num` as the engine reads numbers."""
    found = tag(row, "num")
    return float(found) if found and re.fullmatch(r"-?[0-9.]+(e[0-9]+)?|nan", found) else None


def whole(row: Row) -> int | None:
    """Return the tag `num` as a whole number of 64 bits."""
    found = tag(row, "num")
    fits = found is not None and re.fullmatch(r"-?[0-9]+", found) and -(2**63) <= int(found) < 2**63
    return int(str(found)) if fits else None


def status(row: Row) -> int | None:
    """Return the HTTP status."""
    return row["http_status_code"] or None


def finite(compute: Callable[[float], float]) -> Callable[[float], float | None]:
    """Return a computation with None where it has no result."""

    def run(x: float) -> float | None:
        try:
            made = compute(x)
        except (ValueError, OverflowError, ZeroDivisionError):
            return None
        return made if math.isfinite(made) else None

    return run


def midnight(day: dt.date, zone: str) -> dt.datetime:
    """Return the start of a day in a zone."""
    return dt.datetime.combine(day, dt.time(), ZoneInfo(zone)).astimezone(dt.UTC)


def calendar(unit: str, zone: str) -> Compute:
    """Return the start of the calendar unit in a zone."""

    def start(at: dt.datetime) -> dt.datetime:
        day = at.date()
        first = {
            "day": day,
            "week": day - dt.timedelta(days=day.weekday()),
            "month": day.replace(day=1),
            "quarter": day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1),
            "year": day.replace(month=1, day=1),
        }[unit]
        return midnight(first, zone)

    return in_zone(start, zone)


def clock_hours(hours: int, zone: str) -> Compute:
    """Return when the clock of a zone last showed a whole multiple of hours, going back minute by minute."""

    def start(at: dt.datetime) -> dt.datetime:
        step = at.astimezone(dt.UTC).replace(second=0, microsecond=0)
        while (local := step.astimezone(ZoneInfo(zone))).hour % hours or local.minute:
            step -= dt.timedelta(minutes=1)
        return step

    return in_zone(start, zone)


def day_blocks(days: int, zone: str, shift: int = 0) -> Compute:
    """Return the start of the block of whole days counted from 1970-01-01 plus `shift`."""

    def start(at: dt.datetime) -> dt.datetime:
        epoch = dt.date(1970, 1, 1).toordinal() + shift
        passed = at.date().toordinal() - epoch
        return midnight(dt.date.fromordinal(epoch + passed // days * days), zone)

    return in_zone(start, zone)


_VERSION = re.compile(
    r"(?:(?P<package>.+)@)?v?(?P<core>\d+(?:\.\d+){0,3})(?:-(?P<pre>[0-9A-Za-z.-]+))?(?:\+(?P<build>.*))?"
)


def version_order(release: str) -> tuple[Any, ...] | None:
    """Return what sorts versions by semantic versioning, None for what is none."""
    found = _VERSION.fullmatch(release)
    if found is None:
        return None
    core = [int(n) for n in found["core"].split(".")]
    pre = [(0, int(i), "") if i.isdigit() else (1, 0, i) for i in found["pre"].split(".")] if found["pre"] else []
    return (*core, *[0] * (4 - len(core)), not pre, pre)


def version_part(part: str) -> Compute:
    """Return a part of the release's version."""

    def read(release: str) -> str | None:
        found = _VERSION.fullmatch(release)
        if part == "package":
            return release.rpartition("@")[0] or None
        if found is None:
            return None
        core = [*found["core"].split("."), "0", "0", "0"]
        full = found["core"] + (f"-{found['pre']}" if found["pre"] else "")
        names = {"prerelease": found["pre"], "build": found["build"], "version": full}
        return names.get(part) if part in names else core[("major", "minor", "patch", "revision").index(part)]

    return on(lambda row: row["release"] or None, read)


def compare_with(other: str) -> Compute:
    """Return -1, 0 or 1 beside another version."""

    def run(release: str) -> int | None:
        left, right = version_order(release), version_order(other)
        return None if left is None or right is None else (left > right) - (left < right)

    return on(lambda row: row["release"] or None, run)


def address(row: Row) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the user's address."""
    try:
        return ipaddress.ip_address(row["user_ip"])
    except ValueError:
        return None


def subnet(four: int, six: int) -> Compute:
    """Return the network of an address."""
    return on(address, lambda ip: str(ipaddress.ip_network(f"{ip}/{four if ip.version == 4 else six}", strict=False)))


def at_path(*path: str | int) -> Compute:
    """Return what stands at a path of the tag `doc`."""

    def walk(document: str) -> Any:
        try:
            value = json.loads(document)
            for step in path:
                value = value[step]
        except (ValueError, KeyError, IndexError, TypeError):
            return None
        return value

    return on(lambda row: tag(row, "doc"), walk)


def as_json_text(compute: Compute) -> Compute:
    """Return texts as they are and other values as compact JSON."""

    def run(row: Row) -> Any:
        value = compute(row)
        return value if value is None or isinstance(value, str) else json.dumps(value, separators=(",", ":"))

    return run


def listed(row: Row) -> list[str]:
    """Return the pieces of the tag `list`."""
    found = tag(row, "list")
    return [] if found is None else found.split(",")


def padded(value: str, width: int, fill: str, *, start: bool) -> str:
    """Return a text filled up to a width, cut when longer."""
    cut = value[:width]
    return cut.rjust(width, fill) if start else cut.ljust(width, fill)


AT = 'totime(tags["at"])'
NUM = 'tofloat(tags["num"])'
LIST = 'split(tags["list"], ",")'
DOC = 'tags["doc"]'
SPACE = " \t\n\r\f\v"

TEXT_CASES: dict[str, list[tuple[str, Compute]]] = {
    "lower": [("lower(message)", of_text(str.lower))],
    "upper": [("upper(message)", of_text(str.upper))],
    "length": [("length(message)", of_text(len)), ("length(stack.function)", lambda r: len(r["stack_functions"]))],
    "startswith": [('startswith(message, "支")', of_text(lambda s: s.startswith("支")))],
    "endswith": [('endswith(message, "ld")', of_text(lambda s: s.endswith("ld")))],
    "contains": [('contains(message, "quota")', of_text(lambda s: "quota" in s.lower()))],
    "indexof": [('indexof(message, "b")', of_text(lambda s: s.find("b")))],
    "matches": [('matches(message, "code=[0-9]+$")', of_text(lambda s: bool(re.search("code=[0-9]+$", s))))],
    "occurrences": [('occurrences(message, "code")', of_text(lambda s: s.count("code")))],
    "replace": [('replace(message, "o", "0")', of_text(lambda s: s.replace("o", "0")))],
    "replace_regex": [
        ('replace_regex(message, "([0-9]+)", "<\\\\1>")', of_text(lambda s: re.sub("([0-9]+)", r"<\1>", s))),
    ],
    "extract": [
        (
            'extract(message, "code=([0-9]+)")',
            of_text(lambda s: m[1] if (m := re.search("code=([0-9]+)", s)) else None),
        ),
        (
            'extract(message, "([a-z]+)=([0-9]+)", 2)',
            of_text(lambda s: m[2] if (m := re.search("([a-z]+)=([0-9]+)", s)) else None),
        ),
        ('extract(message, "[^ ]+", 0)', of_text(lambda s: m[0] if (m := re.search("[^ ]+", s)) else None)),
    ],
    "extract_all": [('extract_all(message, "[0-9]+")', lambda r: re.findall("[0-9]+", r["message"]))],
    "split": [
        ('split(message, "/")', lambda r: r["message"].split("/") if r["message"] else []),
        ('split(tags["list"], ",")', listed),
    ],
    "concat": [
        ('concat(level, ":", message)', lambda r: f"{r['level']}:{r['message']}" if r["message"] else None),
        ('concat("n", http.status_code)', lambda r: f"n{r['http_status_code']}" if r["http_status_code"] else None),
    ],
    "trim": [
        ("trim(message)", of_text(lambda s: s.strip(SPACE))),
        ('trim(message, "x-")', of_text(lambda s: s.strip("x-"))),
    ],
    "trim_start": [("trim_start(message)", of_text(lambda s: s.lstrip(SPACE)))],
    "trim_end": [("trim_end(message)", of_text(lambda s: s.rstrip(SPACE)))],
    "substring": [
        ("substring(message, 1, 3)", of_text(lambda s: s[1:4])),
        ("substring(message, 2)", of_text(lambda s: s[2:])),
        ("substring(message, length(message) - 1)", of_text(lambda s: s[-1:])),
    ],
    "left": [("left(message, 3)", of_text(lambda s: s[:3]))],
    "right": [("right(message, 3)", of_text(lambda s: s[-3:]))],
    "reverse": [("reverse(message)", of_text(lambda s: s[::-1]))],
    "repeat": [("repeat(message, 2)", of_text(lambda s: s * 2))],
    "pad_start": [('pad_start(message, 4, "é")', of_text(lambda s: padded(s, 4, "é", start=True)))],
    "pad_end": [("pad_end(message, 12)", of_text(lambda s: padded(s, 12, " ", start=False)))],
    "url_host": [("url_host(http.url)", lambda r: urlsplit(r["http_url"]).hostname)],
    "url_path": [("url_path(http.url)", lambda r: urlsplit(r["http_url"]).path or None)],
    "url_query": [("url_query(http.url)", lambda r: urlsplit(r["http_url"]).query or None)],
    "url_param": [('url_param(http.url, "q")', lambda r: parse_qs(urlsplit(r["http_url"]).query).get("q", [None])[0])],
}

TIME_CASES: dict[str, list[tuple[str, Compute]]] = {
    "bin": [
        ("bin(timestamp, 1h)", lambda r: r["timestamp"].replace(minute=0, second=0, microsecond=0)),
        ("bin(http.status_code, 100)", on(status, lambda s: s // 100 * 100)),
        (f"bin({AT}, 1w)", day_blocks(7, "UTC", 4)),
        *((f"bin({AT}, {unit})", calendar(unit, "UTC")) for unit in ("day", "week", "month", "quarter", "year")),
        *(
            (f'bin({AT}, {unit}, "{zone}")', calendar(unit, zone))
            for unit in ("day", "week", "month", "year")
            for zone in ZONES
        ),
        *((f'bin({AT}, 1d, "{zone}")', calendar("day", zone)) for zone in ZONES),
        (
            'bin(timestamp, 1w, "Europe/Berlin")',
            lambda r: midnight(
                (d := r["timestamp"].astimezone(ZoneInfo("Europe/Berlin")).date()) - dt.timedelta(days=d.weekday()),
                "Europe/Berlin",
            ),
        ),
        *(
            (f'bin({AT}, {n}h, "{zone}")', clock_hours(n, zone))
            for n in (1, 6, 12)
            for zone in ("Europe/Berlin", "Asia/Kathmandu")
        ),
        (f'bin({AT}, 3d, "Europe/Berlin")', day_blocks(3, "Europe/Berlin")),
        (f'bin({AT}, 2w, "America/New_York")', day_blocks(14, "America/New_York", 4)),
        (
            f'bin({AT}, 15min, "Asia/Kathmandu")',
            in_zone(lambda at: at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0).astimezone(dt.UTC)),
        ),
        (
            f'bin({AT}, 30min, "Asia/Kathmandu")',
            in_zone(
                lambda at: at.replace(minute=at.minute // 30 * 30, second=0, microsecond=0).astimezone(dt.UTC),
                "Asia/Kathmandu",
            ),
        ),
    ],
    "minute_of_hour": [
        (f'minute_of_hour({AT}, "Asia/Kathmandu")', in_zone(lambda at: at.minute, "Asia/Kathmandu")),
        ("minute_of_hour(timestamp)", lambda r: r["timestamp"].minute),
    ],
    "hour_of_day": [(f'hour_of_day({AT}, "{z}")', in_zone(lambda at: at.hour, z)) for z in ZONES]
    + [("hour_of_day(timestamp)", lambda r: r["timestamp"].hour)],
    "day_of_week": [(f'day_of_week({AT}, "{z}")', in_zone(lambda at: at.isoweekday(), z)) for z in ZONES]
    + [("day_of_week(timestamp)", lambda r: r["timestamp"].isoweekday())],
    "day_of_month": [(f'day_of_month({AT}, "Europe/Berlin")', in_zone(lambda at: at.day, "Europe/Berlin"))],
    "day_of_year": [(f"day_of_year({AT})", in_zone(lambda at: at.timetuple().tm_yday))],
    "week_of_year": [
        (f'week_of_year({AT}, "America/New_York")', in_zone(lambda at: at.isocalendar().week, "America/New_York"))
    ],
    "month": [(f'month({AT}, "Australia/Lord_Howe")', in_zone(lambda at: at.month, "Australia/Lord_Howe"))],
    "quarter": [(f"quarter({AT})", in_zone(lambda at: (at.month + 2) // 3))],
    "year": [(f'year({AT}, "Asia/Kathmandu")', in_zone(lambda at: at.year, "Asia/Kathmandu"))],
    "format_time": [
        (
            f'format_time({AT}, "%Y-%m-%d %H:%M:%S.%f %j %y %u %V %G %%")',
            in_zone(lambda at: at.strftime("%Y-%m-%d %H:%M:%S.%f %j %y %u %V %G %%")),
        ),
        (
            f'format_time({AT}, "%a %A %b %B %I %p %z", "Europe/Berlin")',
            in_zone(lambda at: at.strftime("%a %A %b %B %I %p %z"), "Europe/Berlin"),
        ),
    ],
    "totime": [
        (AT, moment),
        (
            f"totime({NUM})",
            lambda r: (
                None
                if number(r) is None or not -2_208_988_800 <= (number(r) or 0) < 9_214_646_400
                else dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=number(r) or 0)
            ),
        ),
    ],
    "unix_time": [
        (f"unix_time({AT})", on(moment, lambda at: math.floor(at.timestamp()))),
        (
            f"unix_time({AT}, us)",
            on(moment, lambda at: (at - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)),
        ),
    ],
    "now": [("now()", lambda _: NOW)],
    "ago": [("ago(90min)", lambda _: NOW - dt.timedelta(minutes=90))],
}

NUMBER_CASES: dict[str, list[tuple[str, Compute]]] = {
    "abs": [(f"abs({NUM})", on(number, abs))],
    "round": [(f"round({NUM}, 1)", on(number, lambda x: x if not math.isfinite(x) else round(x, 1)))],
    "floor": [(f"floor({NUM})", on(number, lambda x: x if not math.isfinite(x) else float(math.floor(x))))],
    "ceil": [(f"ceil({NUM})", on(number, lambda x: x if not math.isfinite(x) else float(math.ceil(x))))],
    "trunc": [(f"trunc({NUM})", on(number, lambda x: x if not math.isfinite(x) else float(math.trunc(x))))],
    "sqrt": [(f"sqrt({NUM})", on(number, finite(math.sqrt)))],
    "pow": [
        (f"pow({NUM}, 3)", on(number, finite(lambda x: x**3))),
        (f"pow({NUM}, 0.5)", on(number, finite(lambda x: math.pow(x, 0.5)))),
    ],
    "exp": [(f"exp({NUM})", on(number, finite(math.exp)))],
    "log": [
        (f"log({NUM})", on(number, finite(math.log))),
        (f"log({NUM}, 2)", on(number, finite(math.log2))),
        (f"log({NUM}, 7)", on(number, finite(lambda x: math.log(x, 7)))),
    ],
    "sign": [('sign(toint(tags["num"]))', on(whole, lambda x: (x > 0) - (x < 0)))],
    "mod": [
        ('mod(toint(tags["num"]), 5)', on(whole, lambda x: int(math.fmod(x, 5)) if abs(x) < 2**50 else x % 5)),
        ("mod(http.status_code, http.status_code - 200)", on(status, lambda s: None if s == 200 else s % (s - 200))),
    ],
    "least": [
        ("least(http.status_code, 300)", lambda r: min(status(r) or 300, 300)),
        (
            f"least({NUM}, 1, http.status_code)",
            lambda r: min(x for x in (number(r), 1, status(r)) if x is not None and not math.isnan(x)),
        ),
    ],
    "greatest": [
        ("greatest(fingerprint, 5)", lambda r: max(r["fingerprint"], 5)),
        ('greatest(message, "b")', lambda r: max(r["message"] or "b", "b", key=str.encode)),
    ],
    "clamp": [
        ('clamp(toint(tags["num"]), 0, 5000000000)', on(whole, lambda x: min(max(x, 0), 5_000_000_000))),
        ("clamp(http.status_code, 201, 450)", on(status, lambda s: min(max(s, 201), 450))),
        ('clamp(toint(tags["num"]), -5, 5)', on(whole, lambda x: min(max(x, -5), 5))),
    ],
    "isnan": [(f"isnan({NUM})", on(number, math.isnan))],
    "isfinite": [(f"isfinite({NUM})", on(number, math.isfinite))],
    "if": [
        ('if(level = "fatal", fingerprint, 0)', lambda r: r["fingerprint"] if r["level"] == "fatal" else 0),
        ('if(level = "fatal", 1, 2.5)', lambda r: 1 if r["level"] == "fatal" else 2.5),
    ],
    "case": [
        ('case(level = "fatal", 1, level = "error", -2, 3)', lambda r: {"fatal": 1, "error": -2}.get(r["level"], 3)),
        ('case(level = "fatal", message)', lambda r: text(r) if r["level"] == "fatal" else None),
        (
            "case(http.status_code > 450, http.status_code > 500, http.status_code > 300)",
            lambda r: None if status(r) is None else status(r) > (500 if status(r) > 450 else 300),
        ),
    ],
    "coalesce": [
        ('coalesce(message, tags["num"], "none")', lambda r: text(r) or tag(r, "num") or "none"),
        (f"coalesce({NUM}, http.status_code)", lambda r: number(r) if number(r) is not None else status(r)),
    ],
    "ifnull": [("ifnull(http.status_code, -1)", lambda r: status(r) or -1)],
    "nullif": [
        ("nullif(http.status_code, 404)", on(status, lambda s: None if s == 404 else s)),
        ('nullif(level, "error")', lambda r: None if r["level"] == "error" else r["level"]),
    ],
    "isnull": [
        ("isnull(message)", lambda r: text(r) is None),
        ('isnull(tags["list"])', lambda r: tag(r, "list") is None),
    ],
    "isnotnull": [('isnotnull(tags["list"])', lambda r: tag(r, "list") is not None)],
    "isempty": [
        ("isempty(message)", lambda r: not r["message"]),
        ('isempty(tags["list"])', lambda r: not tag(r, "list")),
        ("isempty(stack.function)", lambda r: not r["stack_functions"]),
    ],
    "tostring": [
        ("tostring(http.status_code)", on(status, str)),
        ("tostring(fingerprint)", lambda r: str(r["fingerprint"])),
        ('tostring(level = "fatal")', lambda r: "true" if r["level"] == "fatal" else "false"),
    ],
    "toint": [('toint(tags["num"])', whole)],
    "tofloat": [(NUM, number)],
    "tobool": [
        (
            'tobool(tags["flag"])',
            lambda r: {"true": True, "1": True, "false": False, "0": False}.get(str(tag(r, "flag")).lower()),
        )
    ],
    "toduration": [('toduration(toint(tags["num"]), ms) / 1s', on(whole, lambda x: x / 1000))],
    "tosize": [('tosize(toint(tags["num"]), kib)', on(whole, lambda x: x * 1024.0))],
}

STRUCTURED_CASES: dict[str, list[tuple[str, Compute]]] = {
    "semver_compare": [
        (f'semver_compare(release, "{v}")', compare_with(v)) for v in ("1.2.3", "1.10", "1.2.3-rc.2", "2.0.0+5", "x")
    ],
    "semver_part": [
        (f"semver_part(release, {part})", version_part(part))
        for part in ("major", "minor", "patch", "revision", "prerelease", "build", "package", "version")
    ],
    "ip_subnet": [
        ("ip_subnet(user.ip)", subnet(24, 64)),
        ("ip_subnet(user.ip, 8, 32)", subnet(8, 32)),
        ("ip_subnet(user.ip, 0, 0)", subnet(0, 0)),
    ],
    "ip_in": [
        (
            'ip_in(user.ip, "10.1.0.0/16")',
            lambda r: address(r) is not None and address(r) in ipaddress.ip_network("10.1.0.0/16"),
        ),
        (
            'ip_in(user.ip, "2001:db8::/63")',
            lambda r: address(r) is not None and address(r) in ipaddress.ip_network("2001:db8::/63"),
        ),
    ],
    "json": [
        (f'json({DOC}, "a.b[0]", number)', at_path("a", "b", 0)),
        (f'json({DOC}, "$.a")', as_json_text(at_path("a"))),
        (f'json({DOC}, "[\\"a.b\\"]")', at_path("a.b")),
        (f'json({DOC}, "[0].n", integer)', at_path(0, "n")),
        (f'json({DOC}, "big", integer)', at_path("big")),
        (f'json({DOC}, "é")', at_path("é")),
        (f'json({DOC}, "list", texts)', lambda r: at_path("list")(r) or []),
        (f'isnotnull(json({DOC}, "t", boolean))', lambda r: at_path("t")(r) is not None),
    ],
    "has": [
        ('has(stack.function, "charge")', lambda r: "charge" in r["stack_functions"]),
        ("has(stack.lineno, 2)", lambda r: 2 in r["stack_linenos"]),
        (f'has({LIST}, "é")', lambda r: "é" in listed(r)),
    ],
    "first": [
        ("first(stack.function)", lambda r: next(iter(r["stack_functions"]), None)),
        ("first(stack.lineno)", lambda r: next(iter(r["stack_linenos"]), None)),
    ],
    "last": [("last(stack.function)", lambda r: r["stack_functions"][-1] if r["stack_functions"] else None)],
    "slice": [
        ("slice(stack.function, 1)", lambda r: r["stack_functions"][1:]),
        ("slice(stack.lineno, -2, 1)", lambda r: r["stack_linenos"][-2:][:1]),
        ("slice(stack.lineno, 0, 2)", lambda r: r["stack_linenos"][:2]),
    ],
    "join": [
        ('join(stack.function, " > ")', lambda r: " > ".join(r["stack_functions"])),
        ("join(stack.lineno)", lambda r: ",".join(map(str, r["stack_linenos"]))),
    ],
    "distinct": [(f"distinct({LIST})", lambda r: list(dict.fromkeys(listed(r))))],
    "sort": [
        (f"sort({LIST})", lambda r: sorted(listed(r), key=str.encode)),
        ('sort(stack.lineno, "desc")', lambda r: sorted(r["stack_linenos"], reverse=True)),
    ],
}

CASES = TEXT_CASES | TIME_CASES | NUMBER_CASES | STRUCTURED_CASES
"""By function: expression, and its value from a row."""

ELSEWHERE = {"semver"}
"""Functions with a test of their own: their values are only good for sorting."""
