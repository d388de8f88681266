from importlib import metadata

import pytest

from dbt_component.dbt_process.engine import NEWEST_TESTED, Engine, find_engine
from dbt_component.errors import DagsterDbtCoreNotInstalledError, EngineError


@pytest.mark.parametrize(
    ("core", "expected"),
    [("1.8.0", False), ("1.11.16", False), ("1.12.0b1", True), ("1.12.6", True), ("2.0.1", True)],
)
def test_a_dbt_newer_than_the_tested_ones_is_known_as_such(core: str, expected: bool) -> None:
    assert Engine("python", {"dbt-core": core}).is_untested is expected


def test_a_dbt_of_unknown_version_is_not_judged() -> None:
    assert not Engine("python", {"dbt": "2.0"}, command="/bin/dbt").is_untested


def test_the_dbt_of_this_environment_is_a_tested_one() -> None:
    assert NEWEST_TESTED == (1, 11)
    assert not find_engine().is_untested


def test_without_dbt_core_the_error_tells_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "distributions", lambda **search: iter(()))
    with pytest.raises(DagsterDbtCoreNotInstalledError, match="pip install") as caught:
        find_engine()
    assert isinstance(caught.value, EngineError)
