"""A manifest without times differs from another of the same project in nothing."""

from typing import Any

from dbt_component.manifest.timeless import without_times


def manifest(*, time: float, names: str) -> dict[str, Any]:
    return {
        "metadata": {"dbt_version": "1.9.0", "generated_at": str(time), "invocation_id": str(time)},
        "nodes": {n: {"name": n, "columns": {"z": 1, "a": 2}, "created_at": time} for n in names},
        "disabled": {n: [{"name": n, "created_at": time}] for n in names},
        "child_map": {n: list(names) for n in names},
        "selectors": {},
        "unit_tests": None,
    }


def test_times_and_the_order_of_entries_do_not_count() -> None:
    first = without_times(manifest(time=1.5, names="abc"))
    assert repr(first) == repr(without_times(manifest(time=2.5, names="cab")))


def test_the_order_within_an_entry_is_kept() -> None:
    entry = without_times(manifest(time=1.5, names="a"))["nodes"]["a"]
    assert list(entry["columns"]) == ["z", "a"]
    assert entry["created_at"] == 0.0


def test_all_else_stays() -> None:
    before = manifest(time=1.5, names="a")
    after = without_times(before)
    assert list(after) == list(before)
    assert after["metadata"]["dbt_version"] == "1.9.0"
    assert before["nodes"]["a"]["created_at"] == 1.5
