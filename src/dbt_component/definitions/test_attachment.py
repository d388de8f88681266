"""Finds the node that a dbt test checks."""

from dbt_component.manifest.dbt_test import DbtTest
from dbt_component.manifest.index import ManifestIndex


def attached_node_of(index: ManifestIndex, test: DbtTest) -> str | None:
    """The unique id of the node that a test checks, or ``None`` if no single node can be determined.

    The node is the one that ``meta.dagster.ref`` (``name``, ``package`` or ``package_name``, ``version``)
    names, if it exists and is no source; else the test's only dependency; else the node to which dbt
    attached a generic test. A unit test belongs to the model that it tests.
    """
    reference = test.dagster_meta.get("ref")
    if isinstance(reference, str):
        reference = {"name": reference}
    if isinstance(reference, dict) and reference.get("name"):
        package = reference.get("package") or reference.get("package_name")
        version = reference.get("version")
        for node in index.named(str(reference["name"])):
            if (
                not node.is_source
                and node.package_name == (package or index.project_name)
                and (version is None or str(version) == node.version)
            ):
                return node.unique_id
    if test.is_unit_test:
        return test.depends_on[0] if test.depends_on else None
    if len(test.depends_on) == 1:
        only = test.depends_on[0]
        return only if only in index.node_by_id else None
    if test.attached_node in index.node_by_id:
        return test.attached_node
    return None
