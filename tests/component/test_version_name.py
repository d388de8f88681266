"""The name of a version contains the time at which it was stored."""

from datetime import datetime, timedelta, timezone

import pytest

from dbt_component.component.version_name import new_version, stored_at


def test_a_new_version_has_a_name_of_its_own_with_the_time() -> None:
    first, second = new_version(), new_version()
    assert first != second
    time = stored_at(first)
    assert time is not None
    assert abs(datetime.now(timezone.utc) - time) < timedelta(minutes=1)


@pytest.mark.parametrize(
    "name", ["", "e3b0c442-98fc-1c14-9afb-f4c8996fb924", "20241341T000000Z-00", "v1"]
)
def test_another_name_has_no_time(name: str) -> None:
    assert stored_at(name) is None
