"""The errors of this package, as code written for dagster-dbt catches them."""

import dagster as dg
import pytest

import dbt_component
from dbt_component import DagsterDbtError, errors
from dbt_component.errors import DagsterDbtCliRuntimeError, DagsterDbtManifestNotFoundError

NAMES = [
    "DagsterDbtCliRuntimeError",
    "DagsterDbtCoreNotInstalledError",
    "DagsterDbtManifestNotFoundError",
    "DagsterDbtProfilesDirectoryNotFoundError",
    "DagsterDbtProjectNotFoundError",
    "DagsterDbtProjectYmlFileNotFoundError",
]


@pytest.mark.parametrize("name", NAMES)
def test_the_root_and_the_module_export_it(name: str) -> None:
    error = getattr(errors, name)
    assert getattr(dbt_component, name) is error
    assert issubclass(error, DagsterDbtError)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="DagsterDbtNothing"):
        _ = errors.DagsterDbtNothing  # type: ignore[attr-defined]


def test_every_error_has_what_a_failure_of_dagster_has() -> None:
    missing = DagsterDbtManifestNotFoundError("There is none.", where="here", hint="Make one.")
    assert missing.description == str(missing) == "There is none.\n  where: here\n  hint: Make one."
    assert (dict(missing.metadata), missing.allow_retries) == ({}, True)
    failed = DagsterDbtCliRuntimeError("dbt failed", metadata={"nodes": 1})
    assert isinstance(failed, dg.Failure)
    assert failed.description == "dbt failed"
    assert failed.metadata == {"nodes": dg.IntMetadataValue(1)}
    assert failed.allow_retries
