"""One dbt test: generic, singular or unit."""

from typing import Any

import msgspec


class DbtTest(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A test node. ``resource_type`` is ``test`` or ``unit_test``; ``severity`` is lower case.

    ``unit_test_inputs`` are the nodes that a unit test mocks, whether or not they are parents of its
    model. ``attached_node`` is the unique id of the node dbt attaches a generic test to, ``None`` for
    singular tests. ``test_type`` is the generic test's name (such as ``unique``), ``singular`` or ``unit``.
    ``code_version`` covers what determines its result except data; empty if a release prepared it that did not
    compute it.
    """

    unique_id: str
    resource_type: str
    name: str
    package_name: str
    fqn: tuple[str, ...]
    original_file_path: str
    depends_on: tuple[str, ...]
    test_type: str
    severity: str = "error"
    attached_node: str | None = None
    column_name: str | None = None
    description: str = ""
    dagster_meta: dict[str, Any] = {}
    meta_description: str | None = None
    unit_test_inputs: tuple[str, ...] = ()
    reads_graph: bool = False
    raw_offset: int = 0
    raw_length: int = 0
    code_version: str = ""

    @property
    def is_unit_test(self) -> bool:
        return self.resource_type == "unit_test"
