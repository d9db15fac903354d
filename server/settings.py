"""Settings, declared once: flags beat `AMBER_*` variables, which beat `amber.toml`, which beats the default.

`Settings` is the table: each field carries its reader, its flag and its sentence. The loader, the reference page
(`python -m server.settings`) and the tests read the fields; nothing else lists them.
"""

from __future__ import annotations

import difflib
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, asdict, dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

import platformdirs

from engine.errors import UserError
from server import readers

ENV_PREFIX = "AMBER_"
CONFIG_VARIABLE = "AMBER_CONFIG"
CONFIG_NAME = "amber.toml"

_MIB = 1024**2
_GIB = 1024**3


class SettingsError(UserError):
    """One or more settings cannot be used; the message lists all of them."""

    code = "settings-invalid"


@dataclass(frozen=True, slots=True)
class Setting:
    """What the loader and the reference page know about one setting.

    Attributes:
        doc: one or two sentences.
        reader: turns text (variable) or a TOML value into the field's value; raises ValueError saying what is expected.
        flag: the command line flag, or an empty string when there is none.
        shown_default: how the page prints a default that depends on the machine or on other settings.
        is_secret: its value is never shown, not even when it is wrong.
    """

    doc: str
    reader: Callable[[object], Any]
    flag: str = ""
    shown_default: str = ""
    is_secret: bool = False


def _default_data() -> Path:
    return Path(platformdirs.user_data_dir("amber", appauthor=False))


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting of Amber with its value; sizes in bytes, times in seconds."""

    data: Annotated[
        Path,
        Setting(
            "The data directory: store, metadata, blobs and spool.",
            readers.path,
            flag="--data",
            shown_default="the platform's user data directory, `~/.local/share/amber` on Linux",
        ),
    ] = field(default_factory=_default_data)
    store_url: Annotated[
        str | None,
        Setting(
            "The event store: `chdb:///DIRECTORY` or `clickhouse://user:password@host:port/database`.",
            readers.store_url("chdb", "clickhouse"),
            shown_default="`chdb://` in the data directory",
        ),
    ] = None
    metadata_url: Annotated[
        str | None,
        Setting(
            "The metadata database: `sqlite:///FILE` or `postgresql+psycopg://user:password@host/database`.",
            readers.store_url("sqlite", "postgresql+psycopg"),
            shown_default="`sqlite://` in the data directory",
        ),
    ] = None
    host: Annotated[
        str,
        Setting("The address both ports listen on; `0.0.0.0` for every interface.", readers.text, flag="--host"),
    ] = "127.0.0.1"
    port: Annotated[int, Setting("The web port: pages, API and queries.", readers.whole(1, 65535), flag="--port")] = (
        8700
    )
    ingest_port: Annotated[
        int | None,
        Setting(
            "The port clients send events to; the DSN names it.",
            readers.whole(1, 65535),
            flag="--ingest-port",
            shown_default="the web port + 1",
        ),
    ] = None
    public_url: Annotated[
        str | None,
        Setting(
            "The web address as others reach it, behind a proxy for example.",
            readers.url,
            shown_default="from host and port",
        ),
    ] = None
    public_ingest_url: Annotated[
        str | None,
        Setting(
            "The ingest address as clients reach it; the DSN is made from it.",
            readers.url,
            shown_default="from host and ingest port",
        ),
    ] = None
    tunnel_paths: Annotated[
        str,
        Setting(
            "Paths that take envelopes of browsers whose owner sends them through a path of their own (`tunnel` of "
            "the SDKs); several with commas. Point the proxy of that path here.",
            readers.url_paths,
        ),
    ] = "/tunnel"
    log_level: Annotated[
        str,
        Setting(
            "Least level that is logged: `debug`, `info`, `warning` or `error`.",
            readers.choice("debug", "info", "warning", "error"),
            flag="--log-level",
        ),
    ] = "info"
    log_format: Annotated[
        str,
        Setting(
            "Log lines as `json` or for reading (`console`); `auto` is for reading on a terminal, JSON elsewhere.",
            readers.choice("auto", "json", "console"),
            flag="--log-format",
        ),
    ] = "auto"
    web_threads: Annotated[
        int,
        Setting(
            "Threads that answer web requests. Keep it above query workers and queue together, so that health checks "
            "are answered while every query slot is taken.",
            readers.whole(4, 512),
        ),
    ] = 32
    ingest_threads: Annotated[
        int,
        Setting(
            "Threads that accept events; those waiting for the disk share one flush. More than 16 cost two cores more "
            "than they give.",
            readers.whole(1, 512),
        ),
    ] = 16
    query_workers: Annotated[int, Setting("Queries that run at the same time.", readers.whole(1, 64))] = 4
    query_queue: Annotated[
        int,
        Setting(
            "Queries that may wait for a worker; beyond it a query is refused with 503 and `Retry-After`.",
            readers.whole(0, 1000),
        ),
    ] = 20
    query_max_seconds: Annotated[
        float,
        Setting(
            "The longest a query may run, in seconds; ten times as long when the answer is an Arrow stream, as for the "
            "command line and Python.",
            readers.seconds(0.1, 3600),
        ),
    ] = 30.0
    query_max_memory: Annotated[int, Setting("The most memory a query may use.", readers.size)] = 4 * _GIB
    query_cache: Annotated[
        int,
        Setting(
            "Memory for answers that are kept and given again while the data they read is unchanged; `0` keeps none.",
            readers.size,
        ),
    ] = 64 * _MIB
    query_budget_rows: Annotated[
        int,
        Setting(
            "Most rows the queries of one token, or of one signed-in person, may read in an hour; `0` for no limit.",
            readers.whole(0, 10**15),
        ),
    ] = 0
    query_budget_bytes: Annotated[
        int, Setting("Most uncompressed bytes they may read in an hour; `0` for no limit.", readers.size)
    ] = 0
    query_budget_seconds: Annotated[
        float, Setting("Most engine time they may take in an hour; `0` for no limit.", readers.seconds(0, 10**7))
    ] = 0.0
    normalisers: Annotated[
        int | None,
        Setting(
            "Normaliser processes, one shard of the raw spool each. Fixed when the data directory is made: another "
            "number is refused later, because a resent event must meet the shard that has seen it.",
            readers.whole(1, 64),
            flag="--normalisers",
            shown_default="as the data directory was made; 2 for a new one, 1 where there is one processor",
        ),
    ] = None
    spool_budget: Annotated[
        int,
        Setting("Disk the spool may fill before clients are told to wait with 429 or 503.", readers.size),
    ] = 10 * _GIB
    spool_key: Annotated[
        str | None,
        Setting(
            "Secret the raw and the dead-letter spool are encrypted with, 32 characters or more, such as "
            "`openssl rand -hex 32` gives. Several with commas between them: the first encrypts, all can read, so "
            "that a key can be changed; the raw spool needs an old one for minutes, dead letters for "
            "`dead_letter_days`.",
            readers.spool_key,
            shown_default="none, the spools are not encrypted",
            is_secret=True,
        ),
    ] = None
    dead_letter_days: Annotated[
        int,
        Setting("Days that what could not be stored is kept to be looked at and sent again.", readers.whole(1, 3650)),
    ] = 30
    min_free_disk: Annotated[int, Setting("Free disk space below which `/api/v1/health` turns red.", readers.size)] = (
        _GIB // 2
    )
    stop_seconds: Annotated[
        float,
        Setting(
            "How long a stop may take to drain before the processes are killed; what is left in the spool is taken up "
            "at the next start.",
            readers.seconds(0, 3600),
        ),
    ] = 30.0
    trusted_proxy: Annotated[
        str | None,
        Setting(
            "Address of the reverse proxy in front, whose `X-Forwarded-For`, `-Proto` and `-Host` are believed; from "
            "any other address they are removed.",
            readers.text,
            shown_default="none",
        ),
    ] = None
    api_rate_per_minute: Annotated[
        int,
        Setting(
            "Requests a minute of one token or one signed-in browser, in the long run; more are refused with 429 and "
            "`Retry-After`. Ingest has limits of its own.",
            readers.whole(1, 1_000_000),
        ),
    ] = 1200
    api_burst: Annotated[
        int,
        Setting(
            "Requests of one token or browser at once, before `api_rate_per_minute` holds.", readers.whole(1, 1_000_000)
        ),
    ] = 300
    metrics_access: Annotated[
        str,
        Setting(
            "`open`: whoever reaches the port may read `/metrics`; `token`: a bearer token is needed.",
            readers.choice("open", "token"),
        ),
    ] = "open"
    smtp_host: Annotated[
        str | None,
        Setting("The mail server reports are handed to.", readers.text, shown_default="none, reports are not mailed"),
    ] = None
    smtp_port: Annotated[
        int, Setting("Its port: 587 with `starttls`, 465 with `tls`, 25 within a network.", readers.whole(1, 65535))
    ] = 587
    smtp_security: Annotated[
        str,
        Setting(
            "How the connection is kept secret: `starttls`, `tls` from the first byte, or `none`.",
            readers.choice("starttls", "tls", "none"),
        ),
    ] = "starttls"
    smtp_user: Annotated[
        str | None, Setting("Who signs in at the mail server.", readers.text, shown_default="nobody")
    ] = None
    smtp_password: Annotated[
        str | None,
        Setting(
            "The password of `smtp_user`; rather a variable than in the file.",
            readers.text,
            shown_default="none",
            is_secret=True,
        ),
    ] = None
    smtp_from: Annotated[
        str,
        Setting("The address mails are from, such as `Amber <amber@example.org>`.", readers.text),
    ] = "amber@localhost"

    @property
    def tunnels(self) -> tuple[str, ...]:
        """The paths of `tunnel_paths`."""
        return tuple(self.tunnel_paths.split(","))

    @property
    def ingest_port_used(self) -> int:
        """The ingest port: as set, or the web port + 1."""
        return self.ingest_port if self.ingest_port is not None else self.port + 1

    @property
    def web_url(self) -> str:
        """The web address to show people."""
        return self.public_url or self.local_web_url

    @property
    def ingest_url(self) -> str:
        """The address clients send events to."""
        return self.public_ingest_url or self.local_ingest_url

    @property
    def local_web_url(self) -> str:
        """The web address as processes on this machine reach it, whatever proxy stands in front."""
        return f"http://{_reachable(self.host)}:{self.port}"

    @property
    def local_ingest_url(self) -> str:
        """The ingest address as processes on this machine reach it."""
        return f"http://{_reachable(self.host)}:{self.ingest_port_used}"

    def dsn(self, public_key: str, project_id: int) -> str:
        """Return the DSN a client of the project is given."""
        scheme, rest = self.ingest_url.split("://", 1)
        return f"{scheme}://{public_key}@{rest}/{project_id}"


def _reachable(host: str) -> str:
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def settings_values(settings: Settings) -> dict[str, str | int | float | None]:
    """Return the values by name in a form JSON can carry; `settings_from_values` takes them back."""
    return {**asdict(settings), "data": str(settings.data)}


def settings_from_values(values: Mapping[str, Any]) -> Settings:
    """Build the settings from what `settings_values` gave."""
    return Settings(**{**values, "data": Path(values["data"])})


def setting_fields() -> dict[str, tuple[Field[Any], Setting]]:
    """Return each setting's dataclass field and description by name, in declaration order."""
    hints = get_type_hints(Settings, include_extras=True)
    return {f.name: (f, get_args(hints[f.name])[1]) for f in fields(Settings)}


def load_settings(flags: Mapping[str, object], environ: Mapping[str, str], config: Path | None = None) -> Settings:
    """Build the settings from flags, variables and a configuration file.

    Args:
        flags: values given on the command line by setting name; None means not given.
        environ: the process environment.
        config: `--config`; otherwise AMBER_CONFIG, `./amber.toml` or the user configuration directory.

    Raises:
        SettingsError: listing every value that cannot be used and every unknown key of the file.
    """
    path = _config_path(environ, config)
    from_file, problems = _read_file(path)
    values: dict[str, Any] = {}
    for name, (_, setting) in setting_fields().items():
        for source, given in (
            (setting.flag or name, flags.get(name)),
            (ENV_PREFIX + name.upper(), environ.get(ENV_PREFIX + name.upper()) or None),
            (name, from_file.get(name)),
        ):
            if given is None:
                continue
            try:
                values[name] = setting.reader(given)
            except ValueError as error:
                shown = "…" if setting.is_secret else repr(str(given))
                problems.append(f"{source} = {shown}: {error}")
            break
    if problems:
        read = f"; the file read is {path}" if path else ""
        raise SettingsError("; ".join(problems) + ".", hint=f"See docs/reference/settings.md{read}.")
    return Settings(**values)


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """Return a sentence for each AMBER_ variable that looks like a misspelt setting."""
    known = [*(ENV_PREFIX + name.upper() for name in setting_fields()), CONFIG_VARIABLE]
    sentences = []
    for variable in sorted(environ):
        if not variable.startswith(ENV_PREFIX) or variable in known:
            continue
        near = difflib.get_close_matches(variable, known, n=1, cutoff=0.85)
        if near:
            sentences.append(f"{variable} is not a setting; did you mean {near[0]}?")
    return sentences


def _config_path(environ: Mapping[str, str], config: Path | None) -> Path | None:
    named = config or (Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else None)
    if named is not None:
        if not named.is_file():
            raise SettingsError(
                f"The configuration file {named} does not exist.", hint="Check --config or AMBER_CONFIG."
            )
        return named
    places = (Path(CONFIG_NAME), Path(platformdirs.user_config_dir("amber", appauthor=False)) / CONFIG_NAME)
    return next((place for place in places if place.is_file()), None)


def _read_file(path: Path | None) -> tuple[dict[str, object], list[str]]:
    if path is None:
        return {}, []
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"The configuration file {path} cannot be read: {error}.") from error
    known = list(setting_fields())
    problems = []
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            problems.append(f"{key} is not a setting" + (f", did you mean {near[0]}?" if near else ""))
    return table, problems


def settings_reference() -> str:
    """Return docs/reference/settings.md."""
    lines = [
        "# Settings",
        "",
        "Flags beat `AMBER_*` variables, which beat `amber.toml`, which beats the default. The file is the one named",
        "by `--config` or `AMBER_CONFIG`, else `amber.toml` in the working directory, else in the user configuration",
        "directory (`~/.config/amber` on Linux). It holds the names below as keys: `port = 8700`. Sizes take units",
        "(`500MB`, `10GiB`), times are seconds. All wrong values are reported at once.",
        "",
        "This page is made by `python -m server.settings`.",
    ]
    for name, (declared, setting) in setting_fields().items():
        default = setting.shown_default or f"`{_shown(declared.default)}`"
        flag = f" Flag: `{setting.flag}`." if setting.flag else ""
        where = f"Variable: `{ENV_PREFIX}{name.upper()}`.{flag} Default: {default}."
        lines += ["", f"## {name}", "", setting.doc, "", where]
    return "\n".join(lines) + "\n"


def _shown(value: object) -> str:
    if value is MISSING:
        return ""
    if isinstance(value, int) and value >= 1024**2:
        return f"{value // _GIB}GiB" if value % _GIB == 0 else f"{value // 1024**2}MiB"
    return f"{value:g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.stdout.write(settings_reference())
