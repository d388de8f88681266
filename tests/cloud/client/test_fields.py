from collections.abc import Callable
from datetime import datetime, timezone

import pytest

from dbt_component.cloud.client.fields import Fields
from dbt_component.errors import DbtCloudAnswerError


def fields(**data: object) -> Fields:
    return Fields(data, place="run 1")


def test_null_counts_as_missing_and_the_first_present_key_is_taken() -> None:
    read = fields(job_definition_id=None, job_id="12", name=None)
    assert read.integer("job_definition_id", "job_id") == 12
    assert read.text("name") == ""
    assert (read.texts("steps"), read.is_set("saved"), read.time("at")) == ((), False, None)
    assert list(read.objects("run_steps")) == []
    assert read.nested("trigger").text("cause") == ""


def test_any_value_counts_but_null_zero_and_empty_ones() -> None:
    read = fields(github=None, gitlab=0, azure="", other="b7")
    assert not read.has_any("github", "gitlab", "azure", "nonsense")
    assert read.has_any("github", "other")


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-02 03:04:05.123456+00:00",
        "2024-01-02T03:04:05.123456Z",
        "2024-01-02 03:04:05.123456",
        "2024-01-02T05:04:05.123456+02:00",
    ],
)
def test_times_of_all_forms_are_aware(text: str) -> None:
    expected = datetime(2024, 1, 2, 3, 4, 5, 123456, tzinfo=timezone.utc)
    assert fields(at=text).time("at") == expected


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (lambda: fields().integer("id"), "'id' is missing instead of an integer"),
        (lambda: fields(id=True).integer("id"), "'id' is True"),
        (lambda: fields(id="x").integer("id"), "'id' is 'x'"),
        (lambda: fields(name=5).text("name"), "'name' is 5 instead of text"),
        (lambda: fields().text("name", default=None), "'name' is missing"),
        (lambda: fields(steps=["a", 1]).texts("steps"), "a list of text"),
        (lambda: fields(at="yesterday").time("at"), "a time"),
        (lambda: fields(saved="yes").is_set("saved"), "a boolean"),
        (lambda: list(fields(data={}).objects("data")), "a list"),
        (lambda: list(fields().objects("data", is_required=True)), "'data' is missing"),
        (lambda: fields(trigger=[1]).nested("trigger"), "instead of an object"),
    ],
)
def test_a_value_of_another_type_is_named(read: Callable[[], object], message: str) -> None:
    with pytest.raises(DbtCloudAnswerError, match=message) as caught:
        read()
    assert "run 1" in str(caught.value)
