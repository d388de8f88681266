"""What defs.yaml may say, and what it gets for an answer."""

import textwrap

import dagster as dg
import pytest

from tests.dg_project import DgProject, checks_of, specs_of

pytestmark = pytest.mark.usefixtures("prepared")


def message_of(error: BaseException) -> str:
    parts = []
    current: BaseException | None = error
    while current is not None:
        parts.append(str(current))
        current = current.__cause__ or current.__context__
    return "\n".join(parts)


def load_error(project: DgProject) -> str:
    with pytest.raises(Exception) as caught:
        project.load()
    return message_of(caught.value)


def test_three_lines_give_every_node_and_test(dg_project: DgProject) -> None:
    dg_project.write_component()
    defs = dg_project.load()
    specs = specs_of(defs)
    assert {d.asset_key.to_user_string() for d in specs["customers"].deps} == {
        "stg_customers",
        "stg_orders",
    }
    assert specs["customers"].group_name == "finance"
    assert specs["customers"].owners == ["finance@example.com"]
    assert specs["reporting/report"].group_name == "reports"
    assert specs["reporting/report"].owners == ["team:reporting"]
    assert specs["customers"].tags["daily"] == ""
    assert "has space" not in specs["customers"].tags
    assert specs["customers"].kinds == {"dbt", "duckdb"}
    reference = specs["stg_orders"].metadata["dagster/code_references"].code_references[0]
    assert reference.file_path == str(dg_project.dbt_folder / "models/staging/stg_orders.sql")
    checks = checks_of(defs)
    warning = "stg_orders:relationships_stg_orders_customer_id__customer_id__ref_stg_customers_"
    assert not checks[warning].blocking
    assert [d.asset_key for d in checks[warning].additional_deps] == [dg.AssetKey("stg_customers")]
    assert checks["customers:unique_customers_customer_id"].blocking
    assert "daily_orders:orders_are_counted_by_day" in checks
    assert "customers:totals_match" in checks


def test_an_unknown_key_is_named_with_its_place_and_a_suggestion(dg_project: DgProject) -> None:
    path = dg_project.write_component(transaltion={"group_name": "x"}, slect="a")
    text = load_error(dg_project)
    assert "Unknown key 'transaltion'" in text and "'translation'" in text
    assert "Unknown key 'slect'" in text and "'select'" in text
    assert str(path) in text


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"schedules": [{"name": "a", "cron": "0 0 * * *"}]}, "cron_schedule"),
        ({"translator_settings": {}}, "translation_settings"),
        ({"translation_settings": {"enable_asset_check": True}}, "'enable_asset_checks'"),
        ({"op": {"pol": "x"}}, "'pool'"),
        ({"project": {"project_dirr": "x"}}, "'project_dir'"),
        ({"select": "a", "selector": "b"}, "can't be combined"),
        ({"include_metadata": ["insights"]}, "insights"),
        ({"include_metadata": ["row_counts"]}, "row_count"),
        ({"defs_state": {"management_type": "LEGACY_CODE_SERVER_SNAPSHOTS"}}, "LOCAL_FILESYSTEM"),
        ({"prepare_if_dev": "perhaps"}, "prepare_if_dev"),
        ({"translation": {"group_name": "{{ node.name"}}, "translation.group_name"),
        ({"translation": {"group_name": "{{ nod.name }}"}}, "nod"),
    ],
)
def test_a_bad_value_is_an_error_that_names_it(
    dg_project: DgProject, attributes: dict, expected: str
) -> None:
    dg_project.write_component(**attributes)
    assert expected in load_error(dg_project)


def test_a_template_that_fails_on_one_node_names_node_field_and_line(
    dg_project: DgProject,
) -> None:
    path = dg_project.write_component(translation={"group_name": "{{ node.fqn[2] }}"})
    text = load_error(dg_project)
    assert "translation.group_name failed on" in text
    assert f"{path}:" in text


def test_translation_reaches_dependencies_checks_and_sources(dg_project: DgProject) -> None:
    dg_project.write_component(
        translation={
            "key_prefix": ["warehouse", "{{ node.resource_type }}"],
            "group_name": "{{ node.fqn[1] }}",
            "metadata": {"rows": "{{ 1 + 1 }}", "nested": ["{{ node.name }}"]},
            "tags": {"team": "{{ 7 }}"},
            "kinds": ["{{ node.config.materialized or 'source' }}"],
        }
    )
    defs = dg_project.load()
    spec = specs_of(defs)["warehouse/model/stg_orders"]
    assert [d.asset_key.to_user_string() for d in spec.deps] == ["warehouse/seed/raw_orders"]
    assert spec.group_name == "staging"
    assert spec.metadata["rows"] == 2
    assert spec.metadata["nested"] == ["stg_orders"]
    assert spec.tags["team"] == "7"
    assert spec.kinds == {"view"}
    source_deps = specs_of(defs)["warehouse/model/from_source"].deps
    assert "warehouse/source/external/raw_orders" in {
        d.asset_key.to_user_string() for d in source_deps
    }
    assert "warehouse/model/customers:totals_match" in checks_of(defs)


def test_names_from_dbt_stay_text_in_templates(dg_project: DgProject) -> None:
    dg_project.write_component(translation={"metadata": {"a": "{{ '2024' }}", "b": "{{ 2024 }}"}})
    spec = specs_of(dg_project.load())["customers"]
    assert spec.metadata["a"] == "2024"
    assert spec.metadata["b"] == 2024


def test_a_function_may_return_a_fresh_spec_and_runs_still_know_its_node(
    dg_project: DgProject,
) -> None:
    (dg_project.defs_folder / "transform").mkdir()
    (dg_project.defs_folder / "transform" / "vars.py").write_text(
        textwrap.dedent(
            """
            import dagster as dg

            @dg.template_var
            def fresh():
                return lambda spec, node: dg.AssetSpec(
                    ["fresh", node["resource_type"], node["name"]], deps=spec.deps, skippable=True
                )
            """
        )
    )
    dg_project.write_yaml(
        textwrap.dedent(
            """
            type: dbt_component.DbtProjectComponent
            template_vars_module: .vars
            attributes:
              project: "{{ context.project_root }}/shop"
              translation: "{{ fresh(spec, node) }}"
            """
        )
    )
    spec = specs_of(dg_project.load())["fresh/model/customers"]
    assert spec.metadata["dagster_dbt/unique_id"] == "model.shop.customers"
    assert {d.asset_key.to_user_string() for d in spec.deps} == {
        "fresh/model/stg_customers",
        "fresh/model/stg_orders",
    }


def test_one_key_for_several_nodes_is_refused_with_all_of_them(dg_project: DgProject) -> None:
    dg_project.write_component(translation={"key": "one_for_all"})
    text = load_error(dg_project)
    assert "model.shop.customers (models/marts/customers.sql)" in text
    assert "seed.shop.raw_orders" in text
    assert "translation.key" in text


def test_a_stored_selection_defines_its_nodes_only(dg_project: DgProject) -> None:
    dg_project.write_component(select="tag:staging")
    defs = dg_project.load()
    assert {asset for a in defs.assets for asset in a.keys} == {
        dg.AssetKey(name) for name in ("stg_customers", "stg_orders", "from_source")
    }


def test_a_schedule_launches_exactly_dbts_selection(dg_project: DgProject) -> None:
    dg_project.write_component(
        schedules=[
            {
                "name": "hourly",
                "cron_schedule": "0 * * * *",
                "select": "tag:staging",
                "execution_timezone": "Europe/Berlin",
                "default_status": "RUNNING",
                "tags": {"team": "x"},
            }
        ]
    )
    repository = dg_project.load().get_repository_def()
    schedule = repository.get_schedule_def("hourly")
    assert schedule.execution_timezone == "Europe/Berlin"
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    job = repository.get_job("hourly_job")
    names = {"stg_customers", "stg_orders", "from_source"}
    assert job.asset_layer.selected_asset_keys == {dg.AssetKey(name) for name in names}
    checks = {
        f"{k.asset_key.to_user_string()}:{k.name}"
        for k in job.asset_layer.asset_graph.asset_check_keys
    }
    assert "stg_orders:unique_stg_orders_order_id" in checks
    assert not any(key.startswith("customers:unique") for key in checks)


def test_settings_switch_checks_unit_tests_and_source_tests(dg_project: DgProject) -> None:
    dg_project.write_component(translation_settings={"enable_asset_checks": False})
    assert checks_of(dg_project.load()) == {}
    dg_project.write_component(
        translation_settings={
            "enable_unit_tests_as_checks": False,
            "enable_source_tests_as_checks": True,
            "enable_code_references": False,
        }
    )
    defs = dg_project.load()
    checks = checks_of(defs)
    assert "daily_orders:orders_are_counted_by_day" not in checks
    assert "external/raw_orders:source_not_null_external_raw_orders_id" in checks
    references = specs_of(defs)["customers"].metadata["dagster/code_references"].code_references
    assert not any("customers.sql" in reference.file_path for reference in references)


def test_a_subclass_alters_specs_and_checks_before_the_yaml_does(dg_project: DgProject) -> None:
    (dg_project.defs_folder / "transform").mkdir()
    (dg_project.defs_folder / "transform" / "own.py").write_text(
        textwrap.dedent(
            """
            from dataclasses import dataclass
            from dbt_component import DbtProjectComponent

            @dataclass
            class Own(DbtProjectComponent):
                def get_asset_spec(self, manifest, unique_id, project):
                    spec = super().get_asset_spec(manifest, unique_id, project)
                    props = self.get_resource_props(manifest, unique_id)
                    return spec.replace_attributes(
                        key=["own", props["resource_type"], props["name"]], description=props["original_file_path"]
                    )

                def get_asset_check_spec(self, asset_spec, manifest, unique_id, project):
                    spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
                    return None if spec is None or "not_null" in spec.name else spec
            """
        )
    )
    dg_project.write_yaml(
        textwrap.dedent(
            f"""
            type: {dg_project.module}.defs.transform.own.Own
            attributes:
              project: "{{{{ context.project_root }}}}/shop"
              translation: {{key_prefix: [yaml]}}
            """
        )
    )
    defs = dg_project.load()
    spec = specs_of(defs)["yaml/own/model/customers"]
    assert spec.description == "models/marts/customers.sql"
    assert "yaml/own/model/stg_customers" in {d.asset_key.to_user_string() for d in spec.deps}
    checks = checks_of(defs)
    assert "yaml/own/model/customers:unique_customers_customer_id" in checks
    assert not any("not_null" in key for key in checks)


def test_helpers_answer_from_the_state(dg_project: DgProject) -> None:
    dg_project.write_component()
    dg_project.load()
    component = dg_project.component()
    assert component.asset_key_for_model("report") == dg.AssetKey(["reporting", "report"])
    assert component.asset_key_for_model("shop.customers") == dg.AssetKey("customers")
    with pytest.raises(Exception, match="Did you mean 'customers'"):
        component.asset_key_for_model("custmers")
    chosen = component.get_asset_selection("tag:staging").resolve(
        dg_project.load().get_repository_def().asset_graph
    )
    assert dg.AssetKey("stg_orders") in chosen and dg.AssetKey("customers") not in chosen


def test_a_component_made_in_python_gives_the_same_definitions(dg_project: DgProject) -> None:
    folder = dg_project.defs_folder / "transform"
    folder.mkdir()
    (folder / "component.py").write_text(
        textwrap.dedent(
            """
            import dagster as dg
            from dbt_component import DbtProject, DbtProjectComponent

            @dg.component_instance
            def from_path(context: dg.ComponentLoadContext) -> DbtProjectComponent:
                return DbtProjectComponent(project=context.project_root / "shop", select="tag:staging")
            """
        )
    )
    assert {asset for a in dg_project.load().assets for asset in a.keys} == {
        dg.AssetKey(name) for name in ("stg_customers", "stg_orders", "from_source")
    }
    (folder / "component.py").write_text(
        textwrap.dedent(
            """
            import dagster as dg
            from dbt_component import DbtProject, DbtProjectComponent

            @dg.component_instance
            def from_project(context: dg.ComponentLoadContext) -> DbtProjectComponent:
                return DbtProjectComponent(project=DbtProject(context.project_root / "shop"))
            """
        )
    )
    import importlib
    import sys

    for name in [n for n in sys.modules if n.startswith(dg_project.module)]:
        del sys.modules[name]
    importlib.invalidate_caches()
    assert "customers" in specs_of(dg_project.load())
