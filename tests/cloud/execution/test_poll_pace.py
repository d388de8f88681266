"""The platform is asked often while something happens, and seldom while nothing does."""

from dbt_component.cloud.execution.poll_pace import PollPace


def test_intervals_grow_to_the_longest_while_nothing_is_new() -> None:
    pace = PollPace(1, 10)
    found = [pace.next_interval(is_anything_new=False) for _ in range(30)]
    assert 1.1 < found[0] < 1.5
    assert all(9 <= seconds <= 11 for seconds in found[-10:])


def test_news_shorten_the_interval_down_to_the_shortest() -> None:
    pace = PollPace(1, 10)
    for _ in range(30):
        pace.next_interval(is_anything_new=False)
    assert pace.next_interval(is_anything_new=True) < 6
    found = [pace.next_interval(is_anything_new=True) for _ in range(10)]
    assert all(0.9 <= seconds <= 1.1 for seconds in found[-5:])


def test_steps_do_not_ask_in_step() -> None:
    assert len({PollPace(1, 10).next_interval(is_anything_new=False) for _ in range(20)}) > 10
