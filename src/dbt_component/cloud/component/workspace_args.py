"""``workspace:`` of defs.yaml."""

import logging
from typing import Annotated, Any, Literal

import dagster as dg
from pydantic import ValidationError

from dbt_component.cloud.access_url import DEFAULT_ACCESS_URL
from dbt_component.cloud.credentials import DbtCloudCredentials
from dbt_component.cloud.workspace import DbtCloudWorkspace
from dbt_component.component.yaml.strict_model import StrictResolvable
from dbt_component.component.yaml.template_value import resolve_template
from dbt_component.errors import DefinitionError

_logger = logging.getLogger("dbt_component")


def _resolved(context: dg.ResolutionContext, value: Any) -> Any:
    return resolve_template(context, value)


def _token(context: dg.ResolutionContext, value: Any) -> Any:
    if isinstance(value, str) and value and "{{" not in value:
        _logger.warning(
            "`workspace.token` in defs.yaml is the token itself. Write \"{{ env('DBT_CLOUD_TOKEN') }}\" and set that"
            " variable, so that the token is not part of the code."
        )
    return resolve_template(context, value)


class WorkspaceArgs(StrictResolvable):
    """An environment of a project on the dbt platform, and how it is spoken to."""

    account_id: Annotated[
        int | str,
        dg.Resolver(
            _resolved,
            inject_before_resolve=False,
            description="The id of the account.",
            examples=["{{ env('DBT_CLOUD_ACCOUNT_ID') }}"],
        ),
    ]
    token: Annotated[
        str,
        dg.Resolver(
            _token,
            inject_before_resolve=False,
            description="A service token or personal token, from an environment variable.",
            examples=["{{ env('DBT_CLOUD_TOKEN') }}"],
        ),
    ]
    project_id: Annotated[
        int | str,
        dg.Resolver(
            _resolved,
            inject_before_resolve=False,
            description="The id of the project.",
            examples=["{{ env('DBT_CLOUD_PROJECT_ID') }}"],
        ),
    ]
    environment_id: Annotated[
        int | str,
        dg.Resolver(
            _resolved,
            inject_before_resolve=False,
            description="The id of the environment.",
            examples=["{{ env('DBT_CLOUD_ENVIRONMENT_ID') }}"],
        ),
    ]
    access_url: Annotated[
        str,
        dg.Resolver(
            _resolved,
            inject_before_resolve=False,
            description=f"The access URL of the account. Default: {DEFAULT_ACCESS_URL}.",
            examples=["https://ab123.us1.dbt.com"],
        ),
    ] = DEFAULT_ACCESS_URL
    adhoc_job_name: Annotated[
        str | None,
        dg.Resolver.default(
            description="Name of the job in which Dagster's commands run. Default: DAGSTER_ADHOC_JOB__ with the ids of"
            " project and environment.",
        ),
    ] = None
    adhoc_job_pool_size: Annotated[
        int,
        dg.Resolver.default(
            description="How many such jobs there are, which is how many steps run dbt at once. Default: 1."
        ),
    ] = 1
    adhoc_job_pool_mode: Annotated[
        Literal["overflow", "wait", "fail"],
        dg.Resolver.default(
            description="What happens if all of them are busy: `overflow` (default) queues the run on one of them, `wait`"
            " waits for one, `fail` is an error."
        ),
    ] = "overflow"
    request_max_retries: Annotated[
        int,
        dg.Resolver.default(
            description="How often a request that may succeed later is repeated. Default: 3."
        ),
    ] = 3
    request_retry_delay: Annotated[
        float,
        dg.Resolver.default(
            description="Seconds before the first repetition; they double each time. Default: 0.25."
        ),
    ] = 0.25
    request_timeout: Annotated[
        float,
        dg.Resolver.default(
            description="Seconds until a request without an answer has failed. Default: 15."
        ),
    ] = 15
    manifest_max_age_hours: Annotated[
        float,
        dg.Resolver.default(
            description="How old the newest run of the environment may be whose manifest.json becomes the state. Without"
            " such a run, or with 0, a refresh runs `dbt parse` on the platform. Default: 24."
        ),
    ] = 24

    def workspace(self) -> DbtCloudWorkspace:
        """The workspace.

        Raises:
            DefinitionError: A value is not valid; the message does not show the token.
        """
        given = dict(self)
        credentials = {name: given.pop(name) for name in ("account_id", "token", "access_url")}
        try:
            return DbtCloudWorkspace(credentials=DbtCloudCredentials(**credentials), **given)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            name = str(first["loc"][0]) if first["loc"] else "workspace"
            raise DefinitionError(
                f"`workspace.{name}`: {first['msg'].removeprefix('Value error, ')}",
                key=f"workspace.{name}",
            ) from None
