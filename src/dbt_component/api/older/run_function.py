"""The op's body of definitions that the older functions made: one dbt command for the step."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import dagster as dg

from dbt_component.api.older.cli_client import DbtCliClient
from dbt_component.api.older.flags import command_line, with_underscores
from dbt_component.definitions.op_registry import bound_ops
from dbt_component.errors import DefinitionError
from dbt_component.execution.op_body import run_body
from dbt_component.execution.resource import DbtCliResource

RuntimeMetadata = Callable[[dg.OpExecutionContext, Mapping[str, Any]], Mapping[str, Any]]
"""Returns metadata of an asset that was built, given the op's context and the node's entry in manifest.json."""


class DbtOpConfig(dg.PermissiveConfig):
    """Options of the step's dbt command. Others than these are passed on too, for example ``threads: 8``.

    ``select`` and ``exclude`` narrow what the step selected.
    """

    select: str | None = None
    exclude: str | None = None
    vars: dict[str, Any] | None = None
    full_refresh: bool | None = None


def run_function(
    *,
    command: str,
    resource_key: str,
    partition_key_to_vars_fn: Callable[[str], Mapping[str, Any]] | None,
    runtime_metadata_fn: RuntimeMetadata | None,
) -> Callable[..., Iterator[Any]]:
    """Returns a body that runs ``command`` over what the step selected.

    Variables come from the resource, the partition and the op's config; the later of these win.

    Args:
        command: ``build`` or ``run``.
        resource_key: Key of a ``dbt_cli_resource`` or a ``DbtCliResource``.
        partition_key_to_vars_fn: Variables of a partition.
        runtime_metadata_fn: Metadata for each asset after it is built, from the context and the node's entry.
    """

    def events(context: dg.AssetExecutionContext, config: DbtOpConfig) -> Iterator[Any]:
        given = getattr(context.resources, resource_key)
        resource, options = _of_resource(given, resource_key)
        options.update(with_underscores(config.model_dump(exclude_none=True)))
        partition_vars = (
            partition_key_to_vars_fn(context.partition_key) if partition_key_to_vars_fn else {}
        )
        own_vars = {**partition_vars, **(options.pop("vars", None) or {})}
        if own_vars:
            options["vars"] = {**resource.project.vars, **own_vars}
        invocation = resource.cli(
            command_line(command, options), context=context, raise_on_error=False
        )
        for event in invocation.stream():
            if isinstance(event, dg.Output):
                event = event.with_metadata(
                    {**event.metadata, **_metadata(context, given, event, runtime_metadata_fn)}
                )
            yield event
        error = invocation.get_error()
        ignores = isinstance(given, DbtCliClient) and given.ignore_handled_error
        if error is not None and not (ignores and invocation.has_only_failed_nodes):
            raise error

    def body(context: dg.AssetExecutionContext, config: DbtOpConfig) -> Iterator[Any]:
        yield from run_body(context, lambda: events(context, config))

    return body


def _of_resource(given: Any, key: str) -> tuple[DbtCliResource, dict[str, Any]]:
    """The resource to run with, and the options that its configuration adds to every command.

    Raises:
        DefinitionError: The resource is of another kind.
    """
    if isinstance(given, DbtCliClient):
        return DbtCliResource.of(given.project), dict(given.flags)
    if isinstance(given, DbtCliResource):
        return given, {}
    raise DefinitionError(
        f"The resource {key!r} is a {type(given).__name__}.",
        hint="Provide a `DbtCliResource` or a `dbt_cli_resource` under this key.",
    )


def _metadata(
    context: dg.AssetExecutionContext,
    resource: Any,
    output: dg.Output[Any],
    runtime_metadata_fn: RuntimeMetadata | None,
) -> dict[str, Any]:
    op_context = context.op_execution_context
    bound = bound_ops.find(op_context.op_def)
    assert bound is not None, "the body runs in an op that this package built"
    props = bound.prepared.manifest.props(bound.nodes.asset_ids[output.output_name])
    metadata: dict[str, Any] = {}
    if isinstance(resource, DbtCliClient) and resource.docs_url:
        page = f"{resource.docs_url}#!/{props['resource_type']}/{props['unique_id']}"
        metadata["docs_url"] = dg.MetadataValue.url(page)
    if runtime_metadata_fn is not None:
        metadata.update(runtime_metadata_fn(op_context, props))
    return metadata
