"""The grace time of dbt."""

import pytest

from dbt_component.dbt_process.termination_timeout import VARIABLE, termination_timeout_seconds
from dbt_component.errors import DagsterDbtError


@pytest.mark.parametrize(("text", "seconds"), [(None, 25.0), ("", 25.0), ("4", 4.0), ("0.5", 0.5)])
def test_the_variable_is_read_at_each_use(
    text: str | None, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    if text is None:
        monkeypatch.delenv(VARIABLE, raising=False)
    else:
        monkeypatch.setenv(VARIABLE, text)
    assert termination_timeout_seconds() == seconds


@pytest.mark.parametrize("text", ["soon", "-1", "nan", "inf", "1,5"])
def test_a_value_that_is_no_number_is_refused_by_name(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(DagsterDbtError, match=VARIABLE) as raised:
        termination_timeout_seconds()
    assert repr(text) in str(raised.value)
