"""All specs of a selection: final keys everywhere, and refusals of what can't be shown."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster.components.resolved.context import ResolutionContext
from dagster.components.resolved.core_models import AssetAttributesModel

from dbt_component import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProjectComponent
from dbt_component.definitions.spec_builder import SelectedSpecs, build_specs
from dbt_component.definitions.spec_rules import SpecMethods, SpecRules
from dbt_component.definitions.yaml_translation import TranslationFn, compile_translation
from dbt_component.errors import DefinitionError, DuplicateAssetKeyError
from dbt_component.manifest.read import read_manifest
from dbt_component.project.folder import FolderSource
from dbt_component.project.state import StateFile
from tests.manifest_entries import data_test, manifest_of, model, source


def build(
    manifest: Mapping[str, Any],
    methods: SpecMethods | None = None,
    *,
    translation: TranslationFn | None = None,
    select: set[str] | None = None,
    **settings: bool,
) -> SelectedSpecs:
    """The specs of ``select``, by default of everything."""
    read = read_manifest(manifest)
    everything = read.index.node_by_id.keys() | read.index.test_by_id.keys()
    rules = SpecRules(
        methods or DagsterDbtTranslator(), DagsterDbtTranslatorSettings(**settings), translation
    )
    return build_specs(read, rules, selected_ids=select or everything, project=None)


def yaml(**attributes: Any) -> TranslationFn:
    return compile_translation(ResolutionContext.default(), AssetAttributesModel(**attributes))


def keys(specs: SelectedSpecs) -> list[str]:
    return [spec.key.to_user_string() for spec in specs.asset_specs]


def deps(specs: SelectedSpecs) -> dict[str, list[str]]:
    return {
        spec.key.to_user_string(): [dep.asset_key.to_user_string() for dep in spec.deps]
        for spec in specs.asset_specs
    }


CHAIN = manifest_of(
    source("t"),
    model("a", parents=["source.shop.raw.t"]),
    model("b", parents=["model.shop.a"]),
    model("c", parents=["model.shop.b"]),
    data_test("b_is_good", parents=["model.shop.b"]),
    data_test("b_fits_a", parents=["model.shop.b", "model.shop.a"], attached_node="model.shop.b"),
)


class Seeing(DagsterDbtTranslator):
    """Renames, and notes what its override sees in the dependencies."""

    def __init__(self) -> None:
        self.seen: dict[str, list[str]] = {}

    def get_asset_spec(self, manifest: Any, unique_id: str, project: Any) -> dg.AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        self.seen[unique_id] = [dep.asset_key.to_user_string() for dep in spec.deps]
        return spec.replace_attributes(key=spec.key.with_prefix("own"))


def test_an_override_sees_the_final_keys_of_the_parents() -> None:
    translator = Seeing()
    specs = build(CHAIN, translator, translation=yaml(key_prefix="yaml"))
    assert keys(specs) == ["yaml/own/a", "yaml/own/b", "yaml/own/c"]
    assert translator.seen["model.shop.b"] == ["yaml/own/a"]
    assert deps(specs)["yaml/own/a"] == ["yaml/own/raw/t"]
    good, fits = sorted(specs.check_specs, key=lambda spec: spec.name, reverse=True)
    assert good.asset_key == fits.asset_key == dg.AssetKey(["yaml", "own", "b"])
    assert [d.asset_key for d in fits.additional_deps] == [dg.AssetKey(["yaml", "own", "a"])]


class SelfDependent(Seeing):
    def get_partitions_def(self, dbt_resource_props: Mapping[str, Any]) -> dg.PartitionsDefinition:
        return dg.DailyPartitionsDefinition("2026-01-01")

    def get_partition_mapping(
        self, dbt_resource_props: Mapping[str, Any], dbt_parent_resource_props: Mapping[str, Any]
    ) -> dg.PartitionMapping | None:
        is_own = dbt_resource_props["unique_id"] == dbt_parent_resource_props["unique_id"]
        return dg.TimeWindowPartitionMapping(start_offset=-1, end_offset=-1) if is_own else None


def test_a_dependency_on_itself_has_the_final_key() -> None:
    meta = {"dagster": {"has_self_dependency": True}}
    manifest = manifest_of(
        model("a"), model("b", parents=["model.shop.a"], config={"meta": meta}, meta=meta)
    )
    specs = build(manifest, SelfDependent(), translation=yaml(key_prefix="yaml"))
    own = specs.asset_specs[1]
    assert [dep.asset_key.path for dep in own.deps] == [["yaml", "own", "a"], ["yaml", "own", "b"]]
    assert list(own.deps)[1].partition_mapping == dg.TimeWindowPartitionMapping(
        start_offset=-1, end_offset=-1
    )


def test_each_node_is_asked_for_once_and_only_what_is_needed() -> None:
    translator = Seeing()
    specs = build(CHAIN, translator, select={"model.shop.b"})
    assert list(translator.seen) == ["source.shop.raw.t", "model.shop.a", "model.shop.b"]
    assert keys(specs) == ["own/b"]
    assert specs.keys.key_of["model.shop.a"] == dg.AssetKey(["own", "a"])


def test_deep_graphs_do_not_recurse() -> None:
    depth = 3_000
    chain = [model("m0")]
    chain += [model(f"m{n}", parents=[f"model.shop.m{n - 1}"]) for n in range(1, depth)]
    last = f"model.shop.m{depth - 1}"
    assert deps(build(manifest_of(*chain), select={last})) == {f"m{depth - 1}": [f"m{depth - 2}"]}


def _team_of(props: Mapping[str, Any]) -> dict[str, Any]:
    return {**props, "name": f"{props['name']}_x", "description": "Altered.", "team": "core"}


class AlteringTranslator(DagsterDbtTranslator):
    def get_resource_props(self, manifest: Any, unique_id: str) -> Mapping[str, Any]:
        return _team_of(super().get_resource_props(manifest, unique_id))


class AlteringComponent(DbtProjectComponent):
    def get_resource_props(self, manifest: Any, unique_id: str) -> Mapping[str, Any]:
        return _team_of(super().get_resource_props(manifest, unique_id))


@pytest.mark.parametrize("kind", ["translator", "component"])
def test_an_override_of_the_entry_reaches_specs_checks_and_templates(kind: str) -> None:
    methods: SpecMethods = (
        AlteringTranslator()
        if kind == "translator"
        else AlteringComponent(project=FolderSource(Path("shop")))
    )
    specs = build(CHAIN, methods, translation=yaml(group_name="{{ node.team }}"))
    assert keys(specs) == ["a_x", "b_x", "c_x"]
    assert deps(specs) == {"a_x": ["raw/t_x"], "b_x": ["a_x"], "c_x": ["b_x"]}
    assert {spec.group_name for spec in specs.asset_specs} == {"core"}
    assert {(spec.description or "").partition("\n")[0] for spec in specs.asset_specs} == {
        "Altered."
    }
    assert {spec.name for spec in specs.check_specs} == {"b_is_good_x", "b_fits_a_x"}
    assert {spec.description for spec in specs.check_specs} == {"Altered."}


def test_a_component_called_by_itself_uses_its_overrides_for_the_parents() -> None:
    component = AlteringComponent(
        project=FolderSource(Path("shop")), translation=yaml(key_prefix="yaml")
    )
    spec = component.get_asset_spec(CHAIN, "model.shop.b", None)
    assert spec.key == dg.AssetKey("b_x")
    assert [dep.asset_key for dep in spec.deps] == [dg.AssetKey(["yaml", "a_x"])]


def test_an_entry_altered_to_depend_on_another_node_does() -> None:
    class Rewired(DagsterDbtTranslator):
        def get_resource_props(self, manifest: Any, unique_id: str) -> Mapping[str, Any]:
            props = super().get_resource_props(manifest, unique_id)
            if unique_id != "model.shop.a":
                return props
            return {**props, "depends_on": {"nodes": ["model.shop.c"]}}

    manifest = manifest_of(model("a"), model("b"), model("c", parents=["model.shop.b"]))
    assert deps(build(manifest, Rewired()))["a"] == ["c"]
    with pytest.raises(DefinitionError, match=r"model\.shop\.b depends on itself"):
        build(CHAIN, Rewired())


def test_an_override_that_returns_no_entry_is_refused() -> None:
    class Empty(DagsterDbtTranslator):
        def get_resource_props(self, manifest: Any, unique_id: str) -> Mapping[str, Any]:
            return {}

    with pytest.raises(DefinitionError, match="`get_resource_props` returned no manifest entry"):
        build(CHAIN, Empty())


def test_nodes_with_one_key_are_all_listed() -> None:
    shared = {"dagster": {"asset_key": ["same"]}}
    manifest = manifest_of(model("a", meta=shared), model("b", meta=shared), model("c"))
    with pytest.raises(DuplicateAssetKeyError) as caught:
        build(manifest)
    assert "same\n    - model.shop.a (models/marts/a.sql)\n    - model.shop.b" in str(caught.value)
    assert keys(build(manifest, select={"model.shop.a", "model.shop.c"})) == ["same", "c"]


def test_sources_may_share_a_key_if_that_is_enabled() -> None:
    shared = {"dagster": {"asset_key": ["same"]}}
    manifest = manifest_of(
        source("t", meta=shared),
        source("u", meta=shared),
        model("a", parents=["source.shop.raw.t", "source.shop.raw.u"]),
    )
    with pytest.raises(DuplicateAssetKeyError):
        build(manifest)
    assert deps(build(manifest, enable_duplicate_source_asset_keys=True)) == {"a": ["same"]}


class Mapped(DagsterDbtTranslator):
    def get_partition_mapping(self, *_: Any) -> dg.PartitionMapping:
        return dg.LastPartitionMapping()


def test_a_dependency_on_a_shared_key_has_a_mapping_and_no_metadata_of_one_source() -> None:
    shared = {"dagster": {"asset_key": ["same"]}}
    manifest = manifest_of(
        source("t", meta=shared),
        source("u", meta=shared),
        source("own"),
        model("both", parents=["source.shop.raw.t", "source.shop.raw.u"]),
        model("one", parents=["source.shop.raw.u", "source.shop.raw.own"]),
    )
    specs = build(manifest, Mapped(), enable_duplicate_source_asset_keys=True)
    found = {
        (spec.key.path[0], dep.asset_key.path[0]): dep
        for spec in specs.asset_specs
        for dep in spec.deps
    }
    assert {pair: bool(dep.metadata) for pair, dep in found.items()} == {
        ("both", "same"): False,
        ("one", "same"): False,
        ("one", "raw"): True,
    }
    assert {dep.partition_mapping for dep in found.values()} == {dg.LastPartitionMapping()}


def test_a_dependency_has_no_metadata_of_a_source_whose_table_another_one_makes() -> None:
    class Moved(DagsterDbtTranslator):
        def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
            return {"dagster/table_name": dg.MetadataValue.text("lake.orders")}

    manifest = manifest_of(
        source("t"), model("a"), model("b", parents=["model.shop.a", "source.shop.raw.t"])
    )
    for translator, has_metadata in ((DagsterDbtTranslator(), True), (Moved(), False)):
        [spec] = [s for s in build(manifest, translator).asset_specs if s.key.path == ["b"]]
        [dep] = [dep for dep in spec.deps if dep.asset_key.path == ["raw", "t"]]
        assert bool(dep.metadata) == has_metadata


class Unchecked(DagsterDbtTranslator):
    def get_asset_check_spec(self, **kwargs: Any) -> Any:  # type: ignore[override]
        assert kwargs.keys() == {"asset_spec", "manifest", "unique_id", "project"}


def test_an_override_of_the_check_may_take_keywords_only() -> None:
    assert build(CHAIN).check_specs
    unchecked: Any = Unchecked()
    assert build(CHAIN, unchecked).check_specs == []


def test_an_override_that_returns_no_spec_is_refused() -> None:
    class Forgetting(DagsterDbtTranslator):
        def get_asset_spec(self, manifest: Any, unique_id: str, project: Any) -> Any:
            super().get_asset_spec(manifest, unique_id, project)

    with pytest.raises(DefinitionError, match="`get_asset_spec` returned None for source"):
        build(CHAIN, Forgetting())


def test_a_ref_names_the_model_and_not_a_source_of_the_same_name() -> None:
    manifest = manifest_of(
        source("orders"),
        model("stg", parents=["source.shop.raw.orders"]),
        model("orders", parents=["model.shop.stg"]),
        data_test(
            "add_up",
            parents=["model.shop.stg", "model.shop.orders"],
            meta={"dagster": {"ref": {"name": "orders"}}},
        ),
    )
    assert [spec.asset_key.path for spec in build(manifest).check_specs] == [["orders"]]


@pytest.mark.parametrize(
    ("names", "error", "message"),
    [
        (["größe"], DefinitionError, "'größe'"),
        (["a-b", "a.b"], DuplicateAssetKeyError, "a_b: a-b, a.b"),
    ],
)
def test_keys_that_no_op_can_output_are_refused(
    names: list[str], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        build(manifest_of(*map(model, names)))


def test_checks_that_claim_one_name_get_names_of_their_own() -> None:
    parents = ["model.shop.a"]
    manifest = manifest_of(
        model("a"),
        data_test("t", parents=parents),
        data_test("t", parents=parents, package_name="other", unique_id="test.other.t"),
        data_test("has-hyphen", parents=parents),
    )
    specs = build(manifest)
    assert {spec.name for spec in specs.check_specs} == {"t", "t__shop", "has_hyphen"}
    assert any("test.shop.t is shown as 't__shop'" in note for note in specs.notes)
    assert any("'has-hyphen' on 'a'" in note for note in specs.notes)


@pytest.mark.parametrize(
    ("settings", "checks"),
    [
        ({}, {"model_test", "unit_test"}),
        ({"enable_unit_tests_as_checks": False}, {"model_test"}),
        ({"enable_source_tests_as_checks": True}, {"model_test", "unit_test", "source_test"}),
        ({"enable_asset_checks": False}, set()),
    ],
)
def test_settings_decide_which_tests_are_checks(settings: Any, checks: set[str]) -> None:
    unit_test = data_test("unit_test", parents=["model.shop.a"], resource_type="unit_test")
    manifest = manifest_of(
        source("t"),
        model("a", parents=["source.shop.raw.t"]),
        data_test("model_test", parents=["model.shop.a"]),
        data_test("source_test", parents=["source.shop.raw.t"]),
        unit_tests={unit_test["unique_id"]: unit_test},
    )
    assert {spec.name for spec in build(manifest, **settings).check_specs} == checks


def test_what_is_left_out_is_noted() -> None:
    manifest = manifest_of(
        model("a", tags=["has space"]),
        model("b"),
        data_test("loose", parents=["model.shop.a", "model.shop.b"]),
    )
    notes = build(manifest).notes
    assert any("'has space'" in note for note in notes)
    assert any(note.startswith("1 selected test can't be a check of one asset") for note in notes)


def test_a_real_project_gives_the_same_specs_from_state_and_manifest(
    shop_state: StateFile,
) -> None:
    from_state = build(shop_state.manifest)
    from_dict = build(json.loads(shop_state.read_manifest_json()))
    assert keys(from_state) == keys(from_dict)
    assert deps(from_state) == deps(from_dict)
    assert from_state.check_specs == from_dict.check_specs
    assert "reporting/report" in keys(from_state)
    report = next(s for s in from_state.asset_specs if s.key.path[-1] == "report")
    assert (report.group_name, list(report.owners)) == ("reports", ["team:reporting"])


class OfSeverity(DagsterDbtTranslator):
    """Written for dagster-dbt, which passes no unit tests."""

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Any, unique_id: str, project: Any
    ) -> dg.AssetCheckSpec | None:
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        severity = manifest["nodes"][unique_id]["config"]["severity"]
        return spec and spec._replace(description=severity)


def test_an_override_that_does_not_expect_unit_tests_leaves_them_as_they_are() -> None:
    unit_test = data_test("unit_test", parents=["model.shop.a"], resource_type="unit_test")
    manifest = manifest_of(
        model("a"),
        data_test("model_test", parents=["model.shop.a"]),
        unit_tests={unit_test["unique_id"]: unit_test},
    )
    specs = build(manifest, OfSeverity())
    assert {spec.name: spec.description for spec in specs.check_specs} == {
        "model_test": "ERROR",
        "unit_test": None,
    }
    assert any("failed on test.shop.unit_test: KeyError" in note for note in specs.notes)
    without = manifest_of(model("a"), data_test("t", parents=["model.shop.a"], config={}))
    del without["nodes"]["test.shop.t"]["config"]["severity"]
    with pytest.raises(DefinitionError, match=r"OfSeverity\.get_asset_check_spec failed on test"):
        build(without, OfSeverity())
