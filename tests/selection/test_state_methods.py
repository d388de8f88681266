"""Which selections need artifacts of another run."""

import pytest

from dbt_component.selection.criteria import SelectionCriteria
from dbt_component.selection.state_methods import compared_files, may_compare


@pytest.mark.parametrize(
    ("select", "files"),
    [
        ("state:modified", {"manifest.json"}),
        ("1+state:modified.body+2", {"manifest.json"}),
        ("@state:new", {"manifest.json"}),
        ("tag:a,state:old", {"manifest.json"}),
        ("tag:a result:error+", {"run_results.json"}),
        ("source_status:fresher+ state:new", {"sources.json", "manifest.json"}),
        ("tag:state", set()),
        ("tag:state:modified", set()),
        ("state", set()),
        ("path:models/state", set()),
        ("my_state:x", set()),
    ],
)
def test_a_method_needs_its_artifact(select: str, files: set[str]) -> None:
    for criteria in (SelectionCriteria(select), SelectionCriteria(exclude=select)):
        assert compared_files(criteria) == files
        assert may_compare(criteria) is bool(files)


def test_a_selector_may_compare_with_what_selectors_yml_mentions() -> None:
    criteria = SelectionCriteria(selector="changed")
    text = "selectors: [{name: changed, definition: {method: state, value: modified}}]"
    assert may_compare(criteria)
    assert compared_files(criteria, selectors=text) == {"manifest.json"}
    assert compared_files(criteria, selectors=text.replace("state", "tag")) == set()
    assert compared_files(SelectionCriteria("tag:a"), selectors=text) == set()
