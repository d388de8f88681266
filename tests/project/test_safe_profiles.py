"""The copy of profiles.yml holds what is known to be harmless, and nothing else."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from dbt_component.dbt_process.engine import find_engine
from dbt_component.project.folder import FolderSource
from dbt_component.project.project import DbtProject
from dbt_component.project.refresh import refresh_from_folder
from dbt_component.project.refresh_request import RefreshRequest
from dbt_component.project.safe_profiles import SafeProfiles, make_safe
from dbt_component.project.state import StateFile
from dbt_component.project.state_project import StateProject
from tests.dg_project import PROJECTS
from tests.state_contents import everything_in

SECRET = "hunter2"


def copy_of(output: dict[str, Any], **more: Any) -> SafeProfiles:
    profiles = {"shop": {"target": "dev", "outputs": {"dev": output, **more}}}
    return make_safe(profiles, profile="shop", target=None)


@pytest.mark.reliability(
    "Secrets in profiles",
    tried="a secret as a password, a number, `pwd`, `dsn`, in a DuckDB or MotherDuck path, in `attach`, in the default of"
    " env_var() and under keys that no adapter is known to have",
    outcome="the secret is not in the copy; a warning names the key and the remedy",
)
@pytest.mark.parametrize(
    ("output", "key"),
    [
        ({"type": "postgres", "password": SECRET}, "password"),
        ({"type": "postgres", "password": 12345}, "password"),
        ({"type": "sqlserver", "pwd": SECRET}, "pwd"),
        ({"type": "exasol", "dsn": SECRET}, "dsn"),
        ({"type": "duckdb", "path": f"md:shop?motherduck_token={SECRET}"}, "path"),
        ({"type": "duckdb", "path": f"md:?a=1&TOKEN={SECRET}"}, "path"),
        (
            {"type": "duckdb", "path": "{{ env_var('P', 'md:?motherduck_token=hunter2') }}"},
            "path",
        ),
        (
            {"type": "duckdb", "attach": [{"path": "a"}, {"path": "postgres://u:hunter2@h/d"}]},
            "attach[1].path",
        ),
        (
            {"type": "duckdb", "attach": [{"path": "host=h password=hunter2"}]},
            "attach[0].path",
        ),
        (
            {"type": "duckdb", "attach": [{"path": "a", "options": {"x": SECRET}}]},
            "attach[0].options.x",
        ),
        ({"type": "duckdb", "secrets": [{"type": "s3", "secret": SECRET}]}, "secrets[0].secret"),
        ({"type": "duckdb", "settings": {"s3_session_token": SECRET}}, "settings.s3_session_token"),
        ({"type": "bigquery", "keyfile_json": {"private_key": SECRET}}, "keyfile_json.private_key"),
        ({"type": "snowflake", "private_key_passphrase": SECRET}, "private_key_passphrase"),
        (
            {"type": "spark", "server_side_parameters": {"fs.s3a.secret.key": SECRET}},
            "server_side_parameters.fs.s3a.secret.key",
        ),
        (
            {"type": "trino", "session_properties": {"my_token": SECRET}},
            "session_properties.my_token",
        ),
        ({"type": "databricks", "token": f"{SECRET}{{{{ env_var('T') }}}}"}, "token"),
        ({"type": "unheard_of", "something": SECRET}, "something"),
        ({"type": "snowflake", "proxy_host": f"https://{SECRET}@proxy"}, "proxy_host"),
    ],
    ids=lambda value: value if isinstance(value, str) else value["type"],
)
def test_what_may_be_a_secret_is_not_copied(output: dict[str, Any], key: str) -> None:
    assert copy_of(output) == SafeProfiles(None, [f"shop.outputs.dev.{key}"], [])


@pytest.mark.parametrize(
    "output",
    [
        {"type": "duckdb", "path": "{{ env_var('PATH_OF_SHOP', 'shop.duckdb') }}", "threads": 4},
        {"type": "duckdb", "path": "md:shop?motherduck_token={{ env_var('T') }}"},
        {"type": "duckdb", "path": "/token/password/shop.duckdb", "attach": [{"path": "b.duckdb"}]},
        {
            "type": "duckdb",
            "extensions": ["httpfs", {"name": "h3", "repo": "community"}],
            "settings": {"s3_region": "eu-west-1", "s3_access_key_id": "{{ env_var('ID') }}"},
        },
        {
            "type": "postgres",
            "host": "{{ env_var('PGHOST', 'localhost') }}",
            "port": "{{ env_var('PGPORT') | as_number }}",
            "user": "someone",
            "password": "{{ env_var('PGPASSWORD') }}",
            "dbname": "shop",
            "keepalives_idle": 0,
            "sslmode": None,
        },
        {
            "type": "databricks",
            "token": "{{ env_var('T', '') }}",
            "compute": {"big": {"http_path": "/x"}},
        },
        {"type": "snowflake", "account": "a", "authenticator": "externalbrowser", "password": ""},
        {
            "type": "bigquery",
            "method": "service-account",
            "keyfile": "/keys/key.json",
            "project": "p",
        },
        {"type": "duckdb", "external_root": "abfss://container@account.dfs.core.windows.net/shop"},
    ],
    ids=lambda output: output["type"],
)
def test_what_is_harmless_is_copied_as_it_is(output: dict[str, Any]) -> None:
    copy = copy_of(output)
    assert copy.text is not None
    assert yaml.safe_load(copy.text)["shop"]["outputs"]["dev"] == output
    assert (copy.omitted, copy.without_default) == ([], [])


def test_a_default_that_may_be_a_secret_is_dropped_and_named() -> None:
    copy = copy_of(
        {"type": "postgres", "password": '{{ env_var("PGPASSWORD", "hunter2") | trim }}'}
    )
    assert copy.text is not None and SECRET not in copy.text
    output = yaml.safe_load(copy.text)["shop"]["outputs"]["dev"]
    assert output["password"] == "{{ env_var('PGPASSWORD') | trim }}"
    assert copy.without_default == ["shop.outputs.dev.password"]


def test_other_outputs_that_may_hold_secrets_are_left_out() -> None:
    safe = {"type": "postgres", "password": "{{ env_var('PGPASSWORD') }}"}
    copy = copy_of(safe, local={"type": "postgres", "password": SECRET})
    assert copy.text is not None
    assert list(yaml.safe_load(copy.text)["shop"]["outputs"]) == ["dev"]
    assert copy.omitted == ["shop.outputs.local.password"]
    profiles = {"shop": {"outputs": {"dev": safe, "prod": {"pwd": SECRET}}}}
    assert make_safe(profiles, profile="shop", target="dev").text is not None
    assert make_safe(profiles, profile="shop", target="prod").text is None


def test_other_profiles_and_settings_are_left_out() -> None:
    own = {"target": "dev", "outputs": {"dev": {"type": "duckdb"}}}
    profiles = {
        "shop": own,
        "other": {"outputs": {"dev": {"pwd": SECRET}}},
        "config": {"a": True, "b": SECRET},
    }
    copy = make_safe(profiles, profile="shop", target=None)
    assert copy.text is not None
    assert yaml.safe_load(copy.text) == {"shop": own, "config": {"a": True}}
    assert copy.omitted == []


@pytest.mark.parametrize("content", [None, [], {}, {"shop": None}, {"shop": {"outputs": []}}])
def test_a_file_without_outputs_is_not_copied(content: Any) -> None:
    assert make_safe(content, profile="shop", target=None).text is None


@pytest.mark.reliability(
    "Secrets in profiles",
    tried="a real profiles.yml with secrets in a comment, in another profile and in the default of env_var(), prepared by dbt and"
    " then run from the copy",
    outcome="no part of the state holds them, and the copy counts as the same profile",
)
@pytest.mark.server
def test_no_secret_of_a_profile_is_in_the_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = shutil.copytree(PROJECTS / "shop", tmp_path / "shop")
    profiles = yaml.safe_load((shop / "profiles.yml").read_text())
    output = profiles["shop"]["outputs"]["dev"]
    output["motherduck_token"] = "{{ env_var('SHOP_TOKEN', 'hunter2-default') }}"
    text = f"# hunter2-comment\n{yaml.safe_dump(profiles)}\nother: {json.dumps({'password': SECRET})}\n"
    (shop / "profiles.yml").write_text(text)
    state = tmp_path / "state"
    outcome = refresh_from_folder(DbtProject(shop), RefreshRequest(state))
    (warning,) = outcome.warnings
    assert "without the default of env_var() in shop.outputs.dev.motherduck_token" in warning
    assert SECRET.encode() not in everything_in(state)
    shutil.rmtree(shop)
    prepared = StateProject(StateFile(state), FolderSource(shop))
    copy = prepared.open()
    assert prepared.differences(copy, find_engine()) == []
    profiles_yml = copy.find_profiles_dir() / "profiles.yml"
    profiles_yml.write_text(profiles_yml.read_text().replace("duckdb", "postgres"))
    assert prepared.differences(copy, find_engine()) == ["profiles.yml differs"]
