"""Secrets in a profiles.yml are found, and nothing else is taken for one."""

from typing import Any

import pytest

from dbt_component.project.secret_scan import literal_secrets


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ({"password": "hunter2"}, ["password"]),
        ({"pass": 12345}, ["pass"]),
        ({"private_key_passphrase": "x"}, ["private_key_passphrase"]),
        ({"keyfile_json": {"private_key": "x"}}, ["keyfile_json"]),
        ({"password": "{{ env_var('PASSWORD') }}"}, []),
        ({"password": ""}, []),
        ({"password": None}, []),
        ({"use_identity_token": "yes"}, []),
        ({"private_key_path": "/keys/key"}, []),
        ({"token_uri": "https://example.com"}, []),
        ({"ask_password": True}, []),
        ({"user": "someone", "threads": 4}, []),
        ({"extensions": [{"secret": "x"}]}, ["extensions[0].secret"]),
    ],
)
def test_secrets_are_found_by_key_path(output: dict[str, Any], expected: list[str]) -> None:
    profiles = {"shop": {"outputs": {"dev": output}}}
    assert literal_secrets(profiles) == [f"shop.outputs.dev.{path}" for path in expected]
