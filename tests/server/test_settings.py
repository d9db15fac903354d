"""Settings: where values come from, which wins, and what is said about wrong ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from server import settings as module
from server.settings import (
    Settings,
    SettingsError,
    load_settings,
    setting_fields,
    settings_from_values,
    settings_reference,
    settings_values,
    unknown_variables,
)

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def empty_directory(tmp_path, monkeypatch):
    """No `amber.toml` of the machine takes part."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module.platformdirs, "user_config_dir", lambda *_, **__: str(tmp_path / "none"))


def test_the_default_applies_when_nothing_is_given():
    """Without flags, variables and file the declared defaults hold."""
    settings = load_settings({}, {})
    assert (settings.host, settings.port, settings.ingest_port_used) == ("127.0.0.1", 8700, 8701)


def test_a_flag_beats_a_variable_beats_the_file_beats_the_default(tmp_path):
    """The order of precedence, each step taken away in turn."""
    config = tmp_path / "named.toml"
    config.write_text("port = 1003\n")
    variables = {"AMBER_PORT": "1002"}
    assert load_settings({"port": 1001}, variables, config).port == 1001
    assert load_settings({"port": None}, variables, config).port == 1002
    assert load_settings({}, {}, config).port == 1003
    assert load_settings({}, {}).port == 8700


def test_the_file_is_found_in_the_working_directory_and_by_variable(tmp_path):
    """`./amber.toml` is read without being named; AMBER_CONFIG names another one."""
    Path("amber.toml").write_text("query_workers = 7\n")
    other = tmp_path / "other.toml"
    other.write_text("query_workers = 9\n")
    assert load_settings({}, {}).query_workers == 7
    assert load_settings({}, {"AMBER_CONFIG": str(other)}).query_workers == 9


def test_all_wrong_values_are_reported_at_once(tmp_path):
    """One message names each wrong value with its source, and each unknown key with the nearest name."""
    config = tmp_path / "amber.toml"
    config.write_text('prot = 1\nspool_budget = "lots"\n')
    with pytest.raises(SettingsError) as caught:
        load_settings({"port": "many"}, {"AMBER_LOG_LEVEL": "loud"}, config)
    text = caught.value.message
    for part in ("--port = 'many'", "AMBER_LOG_LEVEL = 'loud'", "did you mean port?", "spool_budget = 'lots'"):
        assert part in text


@pytest.mark.parametrize(
    ("text", "size"), [("1024", 1024), ("5kb", 5000), ("2 MiB", 2 * 1024**2), ("1.5GiB", 3 * 1024**3 // 2)]
)
def test_sizes_take_decimal_and_binary_units(text, size):
    """A size is bytes, or a number with a unit in any case."""
    assert load_settings({}, {"AMBER_SPOOL_BUDGET": text}).spool_budget == size


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "0"),
        ("port", "65536"),
        ("port", "1.5"),
        ("store_url", "mysql://x"),
        ("public_url", "amber.example.com"),
        ("query_max_seconds", "-1"),
        ("host", "  "),
        ("spool_budget", "-5"),
    ],
)
def test_values_outside_what_is_documented_are_refused(name, value):
    """Each reader says what it expects."""
    with pytest.raises(SettingsError, match="expected"):
        load_settings({}, {f"AMBER_{name.upper()}": value})


def test_a_named_file_that_is_missing_or_broken_is_an_error(tmp_path):
    """A configuration file that was asked for is never silently left out."""
    with pytest.raises(SettingsError, match="does not exist"):
        load_settings({}, {}, tmp_path / "none.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("port = = 1")
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings({}, {}, broken)


def test_a_misspelt_variable_is_noticed_and_a_foreign_one_is_not():
    """A near miss gets a suggestion; variables of tests and tools do not."""
    assert unknown_variables({"AMBER_PROT": "1", "AMBER_TEST_CLICKHOUSE_URL": "x", "AMBER_PORT": "1"}) == [
        "AMBER_PROT is not a setting; did you mean AMBER_PORT?"
    ]


def test_the_dsn_names_the_ingest_address_as_clients_reach_it():
    """The DSN follows host, port, ingest port and the public address, in that order of strength."""
    assert load_settings({"port": 9000}, {}).dsn("k", 1) == "http://k@127.0.0.1:9001/1"
    assert load_settings({"host": "0.0.0.0", "ingest_port": 99}, {}).dsn("k", 1) == "http://k@127.0.0.1:99/1"
    assert load_settings({"host": "::1"}, {}).dsn("k", 2) == "http://k@[::1]:8701/2"
    public = load_settings({}, {"AMBER_PUBLIC_INGEST_URL": "https://in.example.com/amber/"})
    assert public.dsn("k", 3) == "https://k@in.example.com/amber/3"


def test_settings_travel_to_child_processes_unchanged(tmp_path):
    """What the launch order carries gives the same settings again."""
    settings = load_settings({"data": tmp_path, "normalisers": 3}, {"AMBER_QUERY_MAX_SECONDS": "2.5"})
    assert settings_from_values(settings_values(settings)) == settings


def test_the_reference_page_is_the_one_the_code_gives():
    """docs/reference/settings.md is made by `python -m server.settings`; every setting has a heading."""
    page = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    assert page == settings_reference()
    for name in setting_fields():
        assert f"\n## {name}\n" in page


def test_every_field_of_the_settings_is_described():
    """No field escapes the table."""
    assert set(setting_fields()) == set(Settings.__dataclass_fields__)
    assert all(setting.doc.endswith(".") for _, setting in setting_fields().values())


def test_a_secret_setting_is_checked_and_never_shown() -> None:
    """A key of the spools that is too short is refused without being repeated; a good one travels to the children."""
    with pytest.raises(SettingsError) as caught:
        load_settings({}, {"AMBER_SPOOL_KEY": "too-short-secret"})
    assert "openssl rand -hex 32" in caught.value.message
    assert "too-short-secret" not in caught.value.message
    key = "k" * 32 + "," + "o" * 32
    assert load_settings({}, {"AMBER_SPOOL_KEY": key}).spool_key == key
