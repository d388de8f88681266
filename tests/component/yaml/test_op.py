import dagster as dg
import pytest
from pydantic import ValidationError

from dbt_component.component.yaml.op import Op
from dbt_component.definitions.op_settings import OpSettings


def test_everything_is_optional_and_the_component_supplies_name_and_tags() -> None:
    op = Op().settings("shop", reserved_tags={"a": "b"}, config_cls=None)
    assert op == OpSettings(name="shop", tags={"a": "b"})


def test_every_setting_reaches_the_op() -> None:
    class Config(dg.Config):
        limit: int = 1

    op = Op.resolve_from_yaml(
        """
        name: "{{ 'nightly' }}"
        description: Runs at night.
        pool: warehouse
        tags: {team: "{{ 'analytics' }}", reserved: no}
        backfill_policy: {type: multi_run, max_partitions_per_run: 7}
        """
    )
    assert op.name == "nightly"
    assert op.settings(
        "nightly", reserved_tags={"reserved": "yes"}, config_cls=Config
    ) == OpSettings(
        name="nightly",
        tags={"team": "analytics", "reserved": "yes"},
        description="Runs at night.",
        pool="warehouse",
        backfill_policy=dg.BackfillPolicy.multi_run(7),
        config_cls=Config,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pol: x", r"Unknown key 'pol'. Did you mean 'pool'\?"),
        ("retry_policy: {}", "Unknown key 'retry_policy'"),
        ("tags: 3", "tags"),
        ("name: [a]", "name"),
        ("backfill_policy: {type: twice}", "backfill_policy.*single_run"),
    ],
)
def test_bad_values_are_named(text: str, expected: str) -> None:
    with pytest.raises(ValidationError, match=f"(?s){expected}"):
        Op.resolve_from_yaml(text)


def test_it_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Op().name = "other"
