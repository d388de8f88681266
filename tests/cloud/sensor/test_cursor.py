import pytest

from dbt_component.cloud.sensor.cursor import (
    MAX_HANDLED,
    MAX_POSTPONED,
    OVERLAP_SECONDS,
    Postponed,
    SensorCursor,
    decode_cursor,
    first_cursor,
)
from dbt_component.errors import DbtCloudError

START = 1_700_000_000.0


def start() -> SensorCursor:
    return SensorCursor(floor=START)


def postponed(run_id: int, attempts: int = 1) -> Postponed:
    return Postponed(run_id, START + run_id, attempts, START + 100)


def test_it_survives_being_stored() -> None:
    cursor = (
        start()
        .with_handled(1, START + 1.123456)
        .with_postponed(postponed(2), {4: 0b1011, 5: 1 << 900})
        .with_reported(3, {4: 1})
    )
    again = decode_cursor(cursor.encode())
    assert again == cursor
    assert again.reported_of(2) == {4: 0b1011, 5: 1 << 900}
    assert again.reported_of(1) == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "nonsense",
        '{"version": 1}',
        '{"version": 2, "floor": 1.0}',
        '{"version": 1, "floor": 1.0, "partial": {"1": {"2": "xyz"}}}',
        '{"version": 1, "floor": 1.0, "handled": [[1]]}',
    ],
)
def test_what_is_no_cursor_of_this_version_is_refused(text: str) -> None:
    with pytest.raises(DbtCloudError, match="cursor of the sensor"):
        decode_cursor(text)


def test_a_run_that_is_done_is_forgotten_elsewhere() -> None:
    cursor = start().with_postponed(postponed(2), {4: 1}).with_handled(2, START + 2)
    assert (cursor.postponed, dict(cursor.partial)) == ((), {})
    assert cursor.handled == ((2, START + 2),)


def test_a_run_is_postponed_once_with_its_newest_attempt() -> None:
    cursor = start().with_postponed(postponed(2), {}).with_postponed(postponed(2, 2), {})
    assert [item.attempts for item in cursor.postponed] == [2]
    assert cursor.handled_ids == {2}


def test_the_floor_follows_the_last_run_and_never_goes_back() -> None:
    cursor = start().with_handled(1, START + 10)
    assert cursor.floor == START
    cursor = cursor.with_handled(2, START + OVERLAP_SECONDS + 50)
    assert cursor.floor == START + 50
    assert cursor.handled_ids == {2}
    assert cursor.with_handled(3, START + 60).floor == START + 50


def test_only_a_bounded_number_of_runs_is_remembered_and_all_before_them_are_done() -> None:
    cursor = start()
    for number in range(MAX_HANDLED + 10):
        cursor = cursor.with_handled(number, START + number / 10)
    assert len(cursor.handled) == MAX_HANDLED
    assert START + 9 / 10 < cursor.floor <= START + 10 / 10
    assert min(cursor.handled_ids) == 10


def test_too_many_postponed_runs_are_a_surplus() -> None:
    cursor = start()
    for number in range(MAX_POSTPONED + 2):
        cursor = cursor.with_postponed(postponed(number), {})
    assert [item.run_id for item in cursor.surplus()] == [0, 1]


def test_the_first_cursor_looks_a_minute_back() -> None:
    assert first_cursor(START).floor == START - 60
