from dataclasses import FrozenInstanceError, asdict

import pytest
from pydantic import ValidationError

from dbt_component.component.yaml.translation_settings import DagsterDbtComponentTranslatorSettings
from dbt_component.definitions.settings import DagsterDbtTranslatorSettings


def test_the_component_links_assets_to_their_files_by_default_and_differs_in_nothing_else() -> None:
    python = asdict(DagsterDbtTranslatorSettings())
    assert asdict(DagsterDbtComponentTranslatorSettings()) == {
        **python,
        "enable_code_references": True,
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("enable_asset_checks: false", False),
        ("enable_asset_checks: true", True),
        ('enable_asset_checks: "{{ 1 == 2 }}"', False),
        ('enable_asset_checks: "{{ none }}"', False),
        ('enable_asset_checks: "{{ 1 }}"', True),
    ],
)
def test_a_switch_may_be_a_template(text: str, expected: bool) -> None:
    settings = DagsterDbtComponentTranslatorSettings.resolve_from_yaml(text)
    assert settings.enable_asset_checks is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("false", False), ("No", False), ("0", False), ("true", True), ("1", True)],
)
def test_a_switch_may_come_from_an_environment_variable(
    text: str, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WITH_CHECKS", text)
    settings = DagsterDbtComponentTranslatorSettings.resolve_from_yaml(
        "enable_asset_checks: \"{{ env('WITH_CHECKS') }}\""
    )
    assert settings.enable_asset_checks is expected


def test_text_that_is_no_switch_is_refused() -> None:
    with pytest.raises(Exception, match="'perhaps', which is neither true nor false"):
        DagsterDbtComponentTranslatorSettings.resolve_from_yaml(
            "enable_asset_checks: \"{{ 'perhaps' }}\""
        )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("enable_asset_checks: [x]", "enable_asset_checks"),
        ("enable_asset_check: true", "Did you mean 'enable_asset_checks'"),
    ],
)
def test_bad_values_are_named(text: str, expected: str) -> None:
    with pytest.raises(ValidationError, match=expected):
        DagsterDbtComponentTranslatorSettings.resolve_from_yaml(text)


def test_it_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        DagsterDbtComponentTranslatorSettings().enable_asset_checks = False  # type: ignore[misc]
