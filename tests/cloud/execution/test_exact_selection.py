"""The arguments select exactly the nodes that were wanted, by the judgement of dbt itself."""

import random
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from dbt_component.cloud.execution.exact_selection import OwnSelection, select_exactly
from dbt_component.dbt_process.commands import find_command
from dbt_component.errors import SelectionError
from dbt_component.manifest.index import ManifestIndex
from dbt_component.manifest.read import read_manifest
from dbt_component.selection.criteria import SelectionCriteria
from tests.cloud.execution.listed_nodes import list_nodes
from tests.cloud.execution.nasty_project import FILES
from tests.cloud.execution.troubled_project import run_dbt, write_project
from tests.dg_project import PROJECTS

BUILD = find_command(["build"])
RUN = find_command(["run"])
TEST = find_command(["test"])


@dataclass(frozen=True)
class ParsedProject:
    folder: Path
    index: ManifestIndex

    def runnable(self, *types: str) -> list[str]:
        nodes = [n.unique_id for n in self.index.nodes if not n.is_ephemeral and not n.is_source]
        tests = [test.unique_id for test in self.index.tests]
        return [i for i in sorted([*nodes, *tests]) if i.partition(".")[0] in types]

    def selected(self, command: list[list[str]], *types: str) -> list[frozenset[str]]:
        runnable = frozenset(self.runnable(*types))
        return [found & runnable for found in list_nodes(self.folder, command)]


BUILT = ("model", "seed", "snapshot", "test", "unit_test")


def parsed(folder: Path) -> ParsedProject:
    run_dbt(folder, "parse")
    return ParsedProject(folder, read_manifest(folder / "target/manifest.json").index)


@pytest.fixture(scope="module")
def nasty(tmp_path_factory: pytest.TempPathFactory) -> ParsedProject:
    folder = tmp_path_factory.mktemp("nasty") / "project"
    write_project(folder, FILES)
    run_dbt(folder, "deps")
    return parsed(folder)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> ParsedProject:
    folder = tmp_path_factory.mktemp("shop") / "project"
    shutil.copytree(PROJECTS / "shop", folder)
    return parsed(folder)


def subsets(ids: list[str], number: int) -> list[frozenset[str]]:
    """Every single node, all but each, and random subsets of every size."""
    chance = random.Random(7)
    random_ones = [
        frozenset(chance.sample(ids, chance.randint(0, len(ids)))) for _ in range(number)
    ]
    singles = [frozenset({unique_id}) for unique_id in ids]
    return [*singles, *(frozenset(ids) - single for single in singles), *random_ones]


@pytest.mark.parametrize("name", ["shop", "nasty"])
def test_dbt_selects_exactly_what_was_wanted(name: str, request: pytest.FixtureRequest) -> None:
    project: ParsedProject = request.getfixturevalue(name)
    wanted = subsets(project.runnable(*BUILT), 30)
    arguments = [select_exactly(project.index, ids, BUILD) for ids in wanted if ids]
    found = project.selected(arguments, *BUILT)
    assert found == [ids for ids in wanted if ids]


def test_a_command_for_models_needs_to_tell_models_only(nasty: ParsedProject) -> None:
    wanted = subsets(nasty.runnable("model"), 20)
    arguments = [select_exactly(nasty.index, ids, RUN) for ids in wanted if ids]
    assert nasty.selected(arguments, "model") == [ids for ids in wanted if ids]
    assert all("--indirect-selection" not in found for found in arguments)


def test_a_model_with_a_name_of_its_own_is_selected_by_that_alone(shop: ParsedProject) -> None:
    arguments = select_exactly(shop.index, {"model.shop.customers"}, BUILD)
    assert arguments == [
        "--select",
        "fqn:shop.marts.customers",
        "--indirect-selection",
        "empty",
    ]


def test_everything_is_selected_without_a_list(shop: ParsedProject) -> None:
    everything = ["--select", "fqn:*", "--indirect-selection", "empty"]
    assert select_exactly(shop.index, shop.index.all_ids, BUILD) == everything
    models = frozenset(shop.runnable("model"))
    assert select_exactly(shop.index, models, RUN) == ["--select", "fqn:*"]


def test_nearly_everything_is_all_but_the_others(shop: ParsedProject) -> None:
    wanted = shop.index.all_ids - {"seed.shop.raw_orders"}
    assert select_exactly(shop.index, wanted, BUILD)[:4] == [
        "--select",
        "fqn:*",
        "--exclude",
        "fqn:shop.raw_orders",
    ]


def test_the_owners_selection_is_used_if_it_selects_the_same(shop: ParsedProject) -> None:
    criteria = SelectionCriteria(select="tag:staging")
    (ids,) = list_nodes(shop.folder, [["--select", "tag:staging"]])
    own = OwnSelection(criteria, ids)
    assert select_exactly(shop.index, ids, BUILD, own=own) == ["--select", "tag:staging"]
    fewer = ids - {"model.shop.stg_orders"}
    arguments = select_exactly(shop.index, fewer, BUILD, own=own)
    assert "tag:staging" not in arguments
    (found,) = shop.selected([arguments], *BUILT)
    assert found == fewer & frozenset(shop.runnable(*BUILT))


def test_a_selection_that_compares_is_never_sent(shop: ParsedProject) -> None:
    ids = frozenset({"model.shop.customers", "model.shop.stg_orders"})
    own = OwnSelection(SelectionCriteria(select="state:modified"), ids)
    assert "state:modified" not in select_exactly(shop.index, ids, BUILD, own=own)


def test_what_dbt_cant_tell_apart_is_refused_by_name(tmp_path: Path) -> None:
    twins = ", ".join(
        f"{{name: {c}, data_tests: [{{unique: {{name: twin}}}}]}}" for c in ("a", "b")
    )
    files = {
        "dbt_project.yml": FILES["dbt_project.yml"],
        "profiles.yml": FILES["profiles.yml"],
        "models/m.sql": "select 1 as a, 2 as b",
        "models/schema.yml": f"models: [{{name: m, columns: [{twins}]}}]",
    }
    write_project(tmp_path, files)
    project = parsed(tmp_path)
    one, other = sorted(test.unique_id for test in project.index.tests)
    with pytest.raises(SelectionError, match=f"{one} from {other}") as raised:
        select_exactly(project.index, {one}, TEST)
    assert "Select them together" in str(raised.value)
    both = [select_exactly(project.index, ids, BUILD) for ids in ({one, other}, {"model.nasty.m"})]
    assert project.selected(both, *BUILT) == [{one, other}, {"model.nasty.m"}]
