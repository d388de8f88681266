"""The failed nodes that made dbt skip others."""

import pytest

from dbt_component.execution.skip_causes import SkipCauses
from dbt_component.manifest.parse import index_manifest
from tests.manifest_entries import data_test, manifest_of, model


def ids(*names: str) -> list[str]:
    return [f"model.shop.{name}" for name in names]


INDEX = index_manifest(
    manifest_of(
        model("a"),
        model("b", parents=ids("a")),
        model("c", parents=ids("b")),
        model("other"),
        model("d", parents=ids("c", "other")),
        data_test("of_a", parents=ids("a")),
        data_test("also_of_a", parents=ids("a")),
        data_test("of_c", parents=ids("c")),
        data_test("a_and_other", parents=ids("a", "other")),
        unit_tests={
            "unit_test.shop.b.u": {
                "unique_id": "unit_test.shop.b.u",
                "resource_type": "unit_test",
                "name": "u",
                "depends_on": {"nodes": ids("b")},
            }
        },
    )
)


@pytest.mark.parametrize(
    ("failed", "skipped"),
    [
        ("model.shop.a", {*"bcd", "of_a", "also_of_a", "of_c", "a_and_other", "u"}),
        ("model.shop.c", {"d", "of_c"}),
        ("test.shop.of_a", {*"bcd", "of_c", "u"}),
        ("test.shop.a_and_other", {"d"}),
        ("test.shop.of_c", {"d"}),
        ("unit_test.shop.b.u", {*"bcd", "of_c"}),
        ("model.elsewhere.x", set()),
    ],
)
def test_a_failure_blocks_what_is_downstream_of_it(failed: str, skipped: set[str]) -> None:
    causes = SkipCauses(INDEX)
    causes.note_failure(failed)
    blocked = {i.rpartition(".")[2] for i in INDEX.all_ids if causes.of(i)}
    assert blocked == skipped
    assert all(causes.of(i) in ([], [failed]) for i in INDEX.all_ids)


def test_all_causes_are_known_whenever_they_happened() -> None:
    causes = SkipCauses(INDEX)
    causes.note_failure("model.shop.other")
    assert causes.of("model.shop.d") == ["model.shop.other"]
    causes.note_failure("model.shop.b")
    assert causes.of("model.shop.d") == ["model.shop.other", "model.shop.b"]
    assert causes.of("model.shop.c") == ["model.shop.b"]


def test_a_failed_hook_is_the_cause_where_there_is_no_other() -> None:
    causes = SkipCauses(INDEX)
    causes.note_failure("operation.shop.shop-on-run-start-0")
    causes.note_failure("model.shop.c")
    assert causes.of("model.shop.a") == ["operation.shop.shop-on-run-start-0"]
    assert causes.of("model.shop.d") == ["model.shop.c"]
