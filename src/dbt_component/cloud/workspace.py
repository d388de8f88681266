"""``DbtCloudWorkspace``: an environment on the dbt platform as a Dagster resource."""

import os
from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property
from typing import Any

import dagster as dg
from pydantic import Field, PrivateAttr, field_validator

from dbt_component._dagster import IntEnvVar
from dbt_component.api.asset_specs import select_specs
from dbt_component.cloud.access_url import parse_access_url
from dbt_component.cloud.adhoc_jobs import AdhocJobs, PoolMode
from dbt_component.cloud.client.client import DbtCloudClient
from dbt_component.cloud.credentials import DbtCloudCredentials, as_id
from dbt_component.cloud.execution.invocation import DbtCloudCliInvocation, invoke_on_platform
from dbt_component.cloud.kept_state import open_kept_state
from dbt_component.cloud.place import Place
from dbt_component.cloud.platform_specs import on_platform
from dbt_component.cloud.source import CloudProjectSource
from dbt_component.cloud.step_settings import StepSettings
from dbt_component.dbt_process.run_options import with_run_options, with_vars_below
from dbt_component.definitions.check_rules import DbtCheckRules
from dbt_component.definitions.op_registry import bound_ops
from dbt_component.definitions.spec_builder import SelectedSpecs
from dbt_component.definitions.translator import DagsterDbtTranslator
from dbt_component.errors import DbtCloudError
from dbt_component.execution.op_context import Context, op_context_of
from dbt_component.execution.retry_policy import DbtRetryPolicy
from dbt_component.project.prepared import PreparedProject
from dbt_component.selection.criteria import SelectionCriteria


class DbtCloudWorkspace(dg.ConfigurableResource[Any]):
    """An environment of a project on the dbt platform: observes its runs, and runs dbt there.

    Values may be a ``dagster.EnvVar`` (``EnvVar.int`` for numbers).

    See: https://docs.getdbt.com/docs/dbt-cloud-apis/admin-cloud-api
    """

    credentials: DbtCloudCredentials = Field(description="Account, token and access URL.")
    project_id: int = Field(description="The id of the project.")
    environment_id: int = Field(description="The id of the environment.")
    adhoc_job_name: str | None = Field(
        default=None,
        description="Name of the job in which Dagster's commands run. Default: DAGSTER_ADHOC_JOB__ with the ids of"
        " project and environment. It is made when it is first needed.",
    )
    adhoc_job_pool_size: int = Field(
        default=1,
        ge=1,
        description="How many such jobs there are. The platform runs one run of a job at a time, so this is the number of"
        " steps of Dagster that run dbt at once.",
    )
    adhoc_job_pool_mode: PoolMode = Field(
        default="overflow",
        description="What happens if all jobs are busy: `overflow` queues the run on one of them, `wait` waits for one,"
        " `fail` is an error.",
    )
    request_max_retries: int = Field(
        default=3, ge=0, description="How often a request that may succeed later is repeated."
    )
    request_retry_delay: float = Field(
        default=0.25,
        ge=0,
        description="Seconds before the first repetition; they double each time.",
    )
    request_timeout: float = Field(
        default=15, gt=0, description="Seconds until a request without an answer has failed."
    )
    manifest_max_age_hours: float = Field(
        default=24,
        ge=0,
        description="How old the newest run of the environment may be whose manifest.json says what the project holds."
        " Without such a run, or with 0, `dbt parse` runs on the platform. Not in dagster-dbt.",
    )
    _step: StepSettings = PrivateAttr(default_factory=StepSettings)

    def __init__(
        self,
        *,
        credentials: DbtCloudCredentials,
        project_id: int | str,
        environment_id: int | str,
        adhoc_job_name: str | None = None,
        adhoc_job_pool_size: int = 1,
        adhoc_job_pool_mode: PoolMode = "overflow",
        request_max_retries: int = 3,
        request_retry_delay: float = 0.25,
        request_timeout: float = 15,
        manifest_max_age_hours: float = 24,
    ) -> None:
        given: dict[str, Any] = {
            "credentials": credentials,
            "project_id": project_id,
            "environment_id": environment_id,
            "adhoc_job_name": adhoc_job_name,
            "adhoc_job_pool_size": adhoc_job_pool_size,
            "adhoc_job_pool_mode": adhoc_job_pool_mode,
            "request_max_retries": request_max_retries,
            "request_retry_delay": request_retry_delay,
            "request_timeout": request_timeout,
            "manifest_max_age_hours": manifest_max_age_hours,
        }
        super().__init__(**given)

    @field_validator("project_id", "environment_id", mode="before")
    @classmethod
    def _number(cls, value: Any, info: Any) -> Any:
        return as_id(value, info.field_name)

    # -- the platform ------------------------------------------------------------------------------

    @cached_property
    def place(self) -> Place:
        """The environment.

        Raises:
            DbtCloudError: The access URL is none, or an environment variable is not set.
        """
        given = self.credentials
        return Place(
            access_url=parse_access_url(_read(given.access_url, "access_url")),
            account_id=_read_id(given.account_id, "account_id"),
            project_id=_read_id(self.project_id, "project_id"),
            environment_id=_read_id(self.environment_id, "environment_id"),
        )

    @cached_property
    def client(self) -> DbtCloudClient:
        """The client of the platform's API."""
        return DbtCloudClient(
            self.place.account_id,
            token=_read(self.credentials.token, "token"),
            access_url=str(self.place.access_url),
            timeout_seconds=self.request_timeout,
            max_retries=self.request_max_retries,
            retry_delay_seconds=self.request_retry_delay,
        )

    @cached_property
    def adhoc_jobs(self) -> AdhocJobs:
        """The jobs in which Dagster's commands run."""
        return AdhocJobs(
            self.client,
            self.place,
            name=self.adhoc_job_name,
            size=self.adhoc_job_pool_size,
            mode=self.adhoc_job_pool_mode,
        )

    @property
    def source(self) -> CloudProjectSource:
        """Where the state of a component comes from."""
        return CloudProjectSource(
            self.place,
            self.client,
            self.adhoc_jobs,
            max_age=timedelta(hours=self.manifest_max_age_hours),
        )

    # -- runs --------------------------------------------------------------------------------------

    def for_step(self, settings: StepSettings) -> "DbtCloudWorkspace":
        """The workspace for one step of a component, with what defs.yaml and the launchpad say."""
        workspace = self.model_copy()
        workspace._step = settings  # noqa: SLF001 - of the same class
        return workspace

    def cli(
        self,
        args: Sequence[str],
        dagster_dbt_translator: DagsterDbtTranslator | None = None,
        context: Context | None = None,
        *,
        retry: DbtRetryPolicy | None = None,
        timeout_seconds: float | None = None,
    ) -> DbtCloudCliInvocation:
        """Prepares one dbt command, whose run on the platform is started when its events are read.

        With the context of a dbt asset, a command that builds, tests or compiles runs over the assets and checks that the
        step selected; ``--select`` and the like narrow that selection. Any other command, and any command without such a
        context, runs exactly as given.

        Args:
            args: The command and its arguments, for example ``["build", "--full-refresh"]``. They are stored on the
                platform as they are, so they may contain no secret.
            dagster_dbt_translator: Maps nodes to asset keys outside of dbt assets. Default: the default mapping.
            context: The context of the op or asset that runs the command.
            retry: After which errors the platform's own retry is used. Not in dagster-dbt.
            timeout_seconds: After this time the run is cancelled. Default: no limit. Not in dagster-dbt.

        Raises:
            CliArgsError: ``args`` is text, holds no dbt command, or what can't be sent to the platform.
            SelectionError: dbt does not accept the selection, or no arguments select exactly the nodes of the step.
            EngineError: Rules change tests, which the platform's dbt can't be told.
        """
        if not isinstance(args, str):  # which is refused below
            if self._step.vars:
                args = with_vars_below(args, self._step.vars)
            if self._step.run_options:
                args = with_run_options(args, self._step.run_options)
        is_bound = context is not None and bound_ops.find(op_context_of(context).op_def) is not None
        return invoke_on_platform(
            args,
            client=self.client,
            pick_job=self.adhoc_jobs.pick,
            context=context,
            manifest=None if is_bound else self.prepared.manifest,
            dagster_dbt_translator=dagster_dbt_translator,
            own=self._step.own,
            retry=retry or self._step.retry,
            timeout_seconds=self._step.timeout_seconds
            if timeout_seconds is None
            else timeout_seconds,
        )

    # -- definitions -------------------------------------------------------------------------------

    @cached_property
    def prepared(self) -> PreparedProject:
        """The project, as the manifest.json of a run on the platform describes it.

        The code location that loads it asks the platform whether anything is new. Its other processes, such as those of
        runs, see the same manifest.

        Raises:
            DbtCloudError: The platform can't be asked, and there is no state on this machine.
        """
        return open_kept_state(self.source)

    def specs_of(
        self,
        criteria: SelectionCriteria,
        dagster_dbt_translator: DagsterDbtTranslator | None = None,
        checks: DbtCheckRules | None = None,
    ) -> SelectedSpecs:
        """The specs of what dbt selects, marked as nodes of the platform.

        Raises:
            DbtCloudError: As for ``prepared``.
            SelectionError: dbt does not accept the selection.
            DefinitionError: A node can't become an asset.
        """
        specs = select_specs(self.prepared, criteria, dagster_dbt_translator, checks)
        return specs.map_assets(lambda spec: on_platform(spec, self.place))

    def load_specs(
        self, dagster_dbt_translator: DagsterDbtTranslator | None = None
    ) -> Sequence[dg.AssetSpec | dg.AssetCheckSpec]:
        """The specs of all assets, then of all checks."""
        specs = self.specs_of(SelectionCriteria(), dagster_dbt_translator)
        return [*specs.asset_specs, *specs.check_specs]

    def load_asset_specs(
        self, dagster_dbt_translator: DagsterDbtTranslator | None = None
    ) -> Sequence[dg.AssetSpec]:
        """The specs of the models, seeds and snapshots, in topological order."""
        return self.specs_of(SelectionCriteria(), dagster_dbt_translator).asset_specs

    def load_check_specs(
        self, dagster_dbt_translator: DagsterDbtTranslator | None = None
    ) -> Sequence[dg.AssetCheckSpec]:
        """The specs of the tests that are checks of these."""
        return self.specs_of(SelectionCriteria(), dagster_dbt_translator).check_specs


def _read(value: str, name: str) -> str:
    """A value. Outside of Dagster's runs, one from the environment is read here."""
    if not isinstance(value, dg.EnvVar):
        return value
    found = value.get_value()
    if not found:
        raise DbtCloudError(
            f"Environment variable {value.env_var_name!r} is not set, which `{name}` is read from.",
            where="DbtCloudWorkspace",
            hint="Set it where Dagster's code location and its runs are started.",
        )
    return found


def _read_id(value: int, name: str) -> int:
    if not isinstance(value, IntEnvVar):
        return value
    text = os.environ.get(value.name, "")
    if not text.strip().isdigit():
        raise DbtCloudError(
            f"Environment variable {value.name!r} must be a number, not {text!r}, for `{name}`.",
            where="DbtCloudWorkspace",
            hint="Set it where Dagster's code location and its runs are started.",
        )
    return int(text)
