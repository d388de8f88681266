import pytest

from dbt_component.cloud.client.run_status import RunStatus


@pytest.mark.parametrize(
    ("number", "text", "is_finished"),
    [
        (1, "Queued", False),
        (2, "Starting", False),
        (3, "Running", False),
        (10, "Success", True),
        (20, "Error", True),
        (30, "Cancelled", True),
        (7, "Unknown status 7", False),
    ],
)
def test_each_number_has_a_text_and_a_meaning(number: int, text: str, is_finished: bool) -> None:
    status = RunStatus(number)
    assert (status, str(status), f"{status}", status.is_finished) == (
        number,
        text,
        text,
        is_finished,
    )


def test_text_is_no_status() -> None:
    with pytest.raises(ValueError, match="Running"):
        RunStatus("Running")  # type: ignore[arg-type]
