from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest

from dbt_component.definitions.job_selection import JobSelection
from dbt_component.definitions.jobs import build_job
from dbt_component.errors import DefinitionError
from dbt_component.selection.criteria import SelectionCriteria

A = dg.AssetKey("a")


@dg.multi_asset(specs=[dg.AssetSpec(A), dg.AssetSpec("b")], can_subset=True)
def assets() -> Iterator[Any]:
    yield from ()


def test_a_job_has_its_assets_tags_and_description() -> None:
    job = build_job(
        "daily",
        JobSelection([A]),
        criteria=SelectionCriteria(),
        tags={"a": "b"},
        description="Daily.",
    )
    resolved = dg.Definitions(assets=[assets], jobs=[job]).get_repository_def().get_job("daily")
    assert resolved.asset_layer.selected_asset_keys == {A}
    assert resolved.tags["a"] == "b"
    assert resolved.description == "Daily."


@pytest.mark.parametrize(
    ("owner", "expected"),
    [("job", "Job 'daily' selects nothing"), ("schedule", "Schedule 'x' selects nothing")],
)
def test_a_job_of_nothing_is_refused(owner: str, expected: str) -> None:
    with pytest.raises(DefinitionError, match=expected) as caught:
        build_job(
            "daily",
            JobSelection(),
            criteria=SelectionCriteria(),
            owner=owner,
            owner_name="x" if owner == "schedule" else None,
            where="here",
        )
    assert caught.value.where == "here"


def test_a_job_of_loose_tests_alone_is_refused_with_their_names() -> None:
    selection = JobSelection(loose_tests=["test.shop.loose_test"])
    with pytest.raises(DefinitionError, match=r"only tests .*test\.shop\.loose_test") as caught:
        build_job("daily", selection, criteria=SelectionCriteria(select="loose_test"))
    assert "meta.dagster.ref" in (caught.value.hint or "")
