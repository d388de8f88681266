"""The check that one test becomes by the spec methods."""

import dagster as dg

from dbt_component.definitions.changed_check import changed_check
from dbt_component.definitions.default_check import default_check
from dbt_component.definitions.resolving_manifest import ResolvingManifest
from dbt_component.definitions.spec_rules import SpecMethods
from dbt_component.errors import DagsterDbtError, DefinitionError
from dbt_component.manifest.dbt_test import DbtTest


def build_check(
    view: ResolvingManifest, test: DbtTest, host: str
) -> tuple[dg.AssetCheckSpec | None, str | None]:
    """The check of a test by methods and rules, before names are made unique, and a note if an override could not be used.

    Args:
        view: The project with its spec rules applied.
        test: The test.
        host: Unique id of the node that the test is attached to.

    Raises:
        DefinitionError: An override fails.
    """
    methods = view.rules.methods
    host_spec = view.final_spec(host)
    try:
        spec = methods.get_asset_check_spec(
            asset_spec=host_spec, manifest=view, unique_id=test.unique_id, project=view.project
        )
        if spec is not None and not isinstance(spec, dg.AssetCheckSpec):
            raise TypeError(f"it returned {spec!r} instead of an AssetCheckSpec or None")
    except Exception as error:
        if not test.is_unit_test:
            if isinstance(error, DagsterDbtError):
                raise
            raise _failed(methods, test, error) from error
        # Code written for dagster-dbt does not expect unit tests.
        note = f"{_failed(methods, test, error).message} The unit test becomes the default check."
        return default_check(view, test, host_spec.key), note
    blocking = view.rules.tests.blocking.get(test.unique_id)
    if spec is not None and blocking is not None and blocking != spec.blocking:
        spec = changed_check(spec, blocking=blocking)
    return spec, None


def _failed(methods: SpecMethods, test: DbtTest, error: Exception) -> DefinitionError:
    return DefinitionError(
        f"{type(methods).__name__}.get_asset_check_spec failed on {test.unique_id}:"
        f" {type(error).__name__}: {error}.",
        where=test.original_file_path,
    )
