"""The schema of `attributes:` in defs.yaml, with descriptions and examples for editors and Dagster's UI."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any, Literal

import dagster as dg

from dbt_component._dagster import DefsStateConfigArgs
from dbt_component.component.yaml.automation_sensor import AutomationSensor
from dbt_component.component.yaml.checks import Checks
from dbt_component.component.yaml.defs_state import DefsState
from dbt_component.component.yaml.job import Job
from dbt_component.component.yaml.op import Op
from dbt_component.component.yaml.project_op import ProjectOp
from dbt_component.component.yaml.retry import Retry
from dbt_component.component.yaml.run_config import RunConfigModel, resolve_run_config
from dbt_component.component.yaml.schedule import Schedule
from dbt_component.component.yaml.template_value import resolve_template
from dbt_component.component.yaml.translation import TranslationModel, resolve_translation
from dbt_component.component.yaml.translation_settings import DagsterDbtComponentTranslatorSettings
from dbt_component.definitions.check_rules import DbtCheckRules
from dbt_component.definitions.settings import DagsterDbtTranslatorSettings
from dbt_component.definitions.yaml_translation import TranslationFn
from dbt_component.execution.cli_args import CliArg
from dbt_component.selection.criteria import DEFAULT_SELECT


@dataclass
class DbtFields(dg.Resolvable):
    """The attributes that every component of a dbt project has; each resolver holds its attribute's description."""

    select: Annotated[
        str,
        dg.Resolver(
            resolve_template,
            inject_before_resolve=False,
            description="The nodes to define, in dbt's selection syntax.",
            examples=["tag:daily", "+marts"],
        ),
    ] = DEFAULT_SELECT
    exclude: Annotated[
        str,
        dg.Resolver(
            partial(resolve_template, allow_empty=True),
            inject_before_resolve=False,
            description="The nodes to leave out, in dbt's selection syntax.",
            examples=["tag:old"],
        ),
    ] = ""
    selector: Annotated[
        str,
        dg.Resolver(
            partial(resolve_template, allow_empty=True),
            inject_before_resolve=False,
            description="A selector of the project's selectors.yml, instead of select and exclude.",
            examples=["nightly"],
        ),
    ] = ""
    cli_args: Annotated[
        list[CliArg],
        dg.Resolver(
            lambda context, value: value,
            model_field_type=list[str | dict[str, Any]],
            inject_before_resolve=False,
            description="The dbt command and its arguments, rendered at run time with `partition`, `partition_key`,"
            " `partition_key_range`, `partition_time_window`, `context` and `config` in scope, and"
            " `state_args` and `defer_args`, which point to the folder of `project.state_path`. A mapping"
            " is a flag and its value. Arguments that use a partition are omitted from unpartitioned runs.",
            examples=[
                ["build"],
                ["build", "--full-refresh"],
                [
                    "build",
                    {
                        "--vars": {
                            "min_date": "{{ partition_time_window.start.strftime('%Y-%m-%d') }}",
                            "max_date": "{{ partition_time_window.end.strftime('%Y-%m-%d') }}",
                        }
                    },
                ],
            ],
        ),
    ] = field(default_factory=lambda: ["build"])
    run_config: Annotated[
        Mapping[str, Any] | None,
        dg.Resolver(
            resolve_run_config,
            model_field_type=RunConfigModel,
            description="Options of dbt that each run may set in the launchpad, with their defaults. They are added to"
            " the commands that accept them, and win over the same options in `cli_args`.",
            examples=[{"full_refresh": False, "vars": {"min_date": "2024-01-01"}, "threads": None}],
        ),
    ] = None
    retry: Annotated[
        Retry | None,
        dg.Resolver.default(
            description="Runs failed nodes again in the same step, with those that dbt skipped because of them, after"
            " errors that pass by themselves. Nothing else runs again. Default: no retry.",
            examples=[{"attempts": 3, "delay_seconds": 10, "on": ["connection", "deadlock"]}],
        ),
    ] = None
    translation: Annotated[
        TranslationFn | None,
        dg.Resolver(
            resolve_translation,
            model_field_type=str | TranslationModel,
            inject_before_resolve=False,
            description="Changes the asset of each node: a mapping of asset attributes, or one template"
            " that returns them. In scope: `node`, its entry in manifest.json, and `spec`, its asset by"
            " default rules.",
            examples=[
                {"group_name": "{{ node.fqn[1] }}", "key_prefix": ["warehouse"]},
                {"owners": ["{{ node.meta.owner | default('team:data') }}"]},
                {"automation_condition": ["eager", "on_code_change"]},
            ],
        ),
    ] = None
    translation_settings: Annotated[
        DagsterDbtTranslatorSettings | None,
        dg.Resolver(
            DagsterDbtComponentTranslatorSettings.resolve_from_model,
            model_field_type=DagsterDbtComponentTranslatorSettings.model(),
            description="Switches that control the mapping from dbt to Dagster.",
            examples=[{"enable_source_tests_as_checks": True}],
        ),
    ] = None
    views: Annotated[
        Literal["always", "on_code_change", "virtual"] | None,
        dg.Resolver.default(
            description="What automation does with views: `always` (default) treats them like tables; `on_code_change`"
            " builds a view only if it is missing or its code changed, and what reads it follows the view's parents;"
            " `virtual` marks them as virtual assets, as `translation_settings.enable_dbt_views_as_virtual_assets` does.",
            examples=["on_code_change"],
        ),
    ] = None
    automation_sensor: Annotated[
        AutomationSensor | None,
        dg.Resolver.default(
            description="The sensor that evaluates automation conditions in the code server, for all assets of the"
            " component with a condition. Default: a sensor that is stopped, only for the assets that Dagster's own"
            " can't evaluate, such as those with `on_code_change`.",
            examples=[{"default_status": "RUNNING", "minimum_interval_seconds": 60}],
        ),
    ] = None
    checks: Annotated[
        Checks | DbtCheckRules | None,
        dg.Resolver(
            Checks.resolve_from_model,
            model_field_type=Checks.model(),
            description="Rules for dbt tests: which are left out, which model they are checks of, their severity, and"
            " whether a failure blocks what is downstream.",
            examples=[
                {"unit_tests": "only_on_request", "rules": [{"select": "tag:slow", "skip": True}]},
                {"rules": [{"select": "orders_match_payments", "attach": "fct_orders"}]},
            ],
        ),
    ] = None
    exposures: Annotated[
        bool,
        dg.Resolver.default(
            description="Whether the exposures and saved queries that dbt selects become external assets, and the"
            " metrics and semantic models that lead to them."
        ),
    ] = False
    op: Annotated[
        Op | None,
        dg.Resolver.default(
            description="Settings of the op that runs dbt, for all nodes that none of `ops` selects.",
            examples=[{"pool": "warehouse", "tags": {"team": "analytics"}}],
        ),
    ] = None
    ops: Annotated[
        Sequence[ProjectOp],
        dg.Resolver.default(
            description="Further ops, each of which runs the nodes that it selects, with partitions, limits and arguments of"
            " its own. No two of them may select the same model, seed or snapshot.",
            examples=[
                [
                    {
                        "name": "daily_events",
                        "select": "tag:daily",
                        "partitions_def": {"type": "daily", "start_date": "2024-01-01"},
                        "vars": {"start": "{{ partition.start }}", "end": "{{ partition.end }}"},
                    }
                ]
            ],
        ),
    ] = field(default_factory=list)
    jobs: Annotated[
        Sequence[Job],
        dg.Resolver.default(
            description="Jobs, each of which launches exactly what dbt selects; with `include_downstream` also what"
            " others build from it.",
            examples=[[{"name": "marts", "select": "+tag:daily", "include_downstream": True}]],
        ),
    ] = field(default_factory=list)
    schedules: Annotated[
        Sequence[Schedule],
        dg.Resolver.default(
            description="Schedules, each of which launches one of `jobs`, or exactly what dbt selects. Partitioned"
            " assets run for the latest partition that is complete at the tick's time.",
            examples=[
                [{"name": "nightly", "cron_schedule": "0 5 * * *", "select": "+tag:daily"}],
                [{"name": "nightly", "cron_schedule": "0 5 * * *", "job": "marts"}],
            ],
        ),
    ] = field(default_factory=list)
    prepare_if_dev: Annotated[
        bool,
        dg.Resolver.default(
            description="Whether `dg dev` and the dg command line refresh the state at load time if the"
            " project has changed."
        ),
    ] = True
    defs_state: Annotated[
        DefsState | DefsStateConfigArgs | None,
        dg.Resolver(
            DefsState.resolve_from_model,
            model_field_type=DefsState.model(),
            description="Storage of the prepared state.",
            examples=[{"management_type": "VERSIONED_STATE_STORAGE"}],
        ),
    ] = None
