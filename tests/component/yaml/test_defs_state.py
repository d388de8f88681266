import pytest
from pydantic import ValidationError

from dbt_component._dagster import DefsStateConfigArgs, DefsStateManagementType
from dbt_component.component.yaml.defs_state import DefsState, defs_state_args
from dbt_component.errors import DefinitionError


@pytest.mark.parametrize("prepare_if_dev", [True, False])
@pytest.mark.parametrize("given", [None, DefsState()])
def test_by_default_the_state_is_local_and_refreshed_as_prepare_if_dev_says(
    given: DefsState | None, prepare_if_dev: bool
) -> None:
    assert defs_state_args(given, prepare_if_dev=prepare_if_dev) == DefsStateConfigArgs(
        key=None,
        management_type=DefsStateManagementType.LOCAL_FILESYSTEM,
        refresh_if_dev=prepare_if_dev,
    )


def test_what_is_given_wins() -> None:
    given = DefsState.resolve_from_yaml(
        "{key: \"{{ 'shop' }}\", management_type: VERSIONED_STATE_STORAGE, refresh_if_dev: false}"
    )
    assert defs_state_args(given, prepare_if_dev=True) == DefsStateConfigArgs(
        key="shop",
        management_type=DefsStateManagementType.VERSIONED_STATE_STORAGE,
        refresh_if_dev=False,
    )


def test_dagsters_own_form_is_accepted_in_python() -> None:
    given = DefsStateConfigArgs.versioned_state_storage()
    assert defs_state_args(given, prepare_if_dev=False) == given


def test_code_server_snapshots_are_refused() -> None:
    with pytest.raises(DefinitionError, match="LEGACY_CODE_SERVER_SNAPSHOTS"):
        defs_state_args(DefsStateConfigArgs.legacy_code_server_snapshots(), prepare_if_dev=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("management_type: LEGACY_CODE_SERVER_SNAPSHOTS", "management_type.*'LOCAL_FILESYSTEM'"),
        ("refresh_if_dev: [x]", "refresh_if_dev"),
        ("refresh_in_dev: true", "Did you mean 'refresh_if_dev'"),
    ],
)
def test_bad_values_are_named(text: str, expected: str) -> None:
    with pytest.raises(ValidationError, match=f"(?s){expected}"):
        DefsState.resolve_from_yaml(text)


def test_it_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        DefsState().key = "other"
