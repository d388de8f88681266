"""``partition_mappings:`` of defs.yaml."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Literal

import dagster as dg

from dbt_component.component.yaml.partitions import refuse_other_fields
from dbt_component.component.yaml.strict_model import StrictResolvable
from dbt_component.errors import DefinitionError

_FIELDS = {
    "identity": frozenset[str](),
    "all": frozenset[str](),
    "last": frozenset[str](),
    "time_window": frozenset(
        {"start_offset", "end_offset", "allow_nonexistent_upstream_partitions"}
    ),
    "static": frozenset({"partition_keys_by_upstream"}),
    "specific": frozenset({"partition_keys"}),
    "dimension": frozenset({"dimension"}),
}


class PartitionMapping(StrictResolvable):
    """Which partitions of an upstream node a partition of the op's assets depends on."""

    upstream: Annotated[
        str,
        dg.Resolver.default(
            description="The upstream node: name of a model, seed or snapshot, `source_name.table`, a unique id, `*` for"
            " all others, or `self`: each asset of the op depends on its own earlier partitions.",
            examples=["stg_orders", "shop.orders", "*", "self"],
        ),
    ]
    type: Annotated[
        Literal["identity", "all", "last", "time_window", "static", "specific", "dimension"],
        dg.Resolver.default(
            description="`identity`: the partition of the same key; `all`: every partition; `last`: the last one;"
            " `time_window`: those that overlap in time, shifted by offsets; `static`: those that"
            " `partition_keys_by_upstream` lists; `specific`: those in `partition_keys`; `dimension`: those with the same"
            " key in one dimension of partitions that have several.",
        ),
    ]
    start_offset: Annotated[
        int,
        dg.Resolver.default(
            description="For `time_window`: number of partitions to shift the start by; -1 is one earlier."
        ),
    ] = 0
    end_offset: Annotated[
        int,
        dg.Resolver.default(
            description="For `time_window`: number of partitions to shift the end by."
        ),
    ] = 0
    allow_nonexistent_upstream_partitions: Annotated[
        bool,
        dg.Resolver.default(
            description="For `time_window`: whether upstream partitions may be missing, such as those before the first."
        ),
    ] = False
    partition_keys_by_upstream: Annotated[
        dict[str, str | list[str]],
        dg.Resolver.default(
            description="For `static`: upstream keys, and the keys that depend on each.",
            examples=[{"europe": ["de", "fr"], "america": "us"}],
        ),
    ] = {}  # noqa: RUF012 - a pydantic model copies it
    partition_keys: Annotated[
        list[str], dg.Resolver.default(description="For `specific`: keys of the upstream node.")
    ] = []  # noqa: RUF012 - as above
    dimension: Annotated[
        str | None,
        dg.Resolver.default(
            description="For `dimension`: its name. Default: the only one that matches."
        ),
    ] = None

    def partition_mapping(self) -> dg.PartitionMapping:
        """Dagster's partition mapping.

        Raises:
            DefinitionError: A value has no meaning for the type, or is missing.
        """
        refuse_other_fields(self, self.type, _FIELDS[self.type] | {"upstream"})
        if self.type == "time_window":
            # Dagster warns of this argument, which is in beta there.
            beta = (
                {"allow_nonexistent_upstream_partitions": True}
                if self.allow_nonexistent_upstream_partitions
                else {}
            )
            return dg.TimeWindowPartitionMapping(
                start_offset=self.start_offset, end_offset=self.end_offset, **beta
            )
        if self.type == "static":
            self._need("partition_keys_by_upstream")
            return dg.StaticPartitionMapping(self.partition_keys_by_upstream)
        if self.type == "specific":
            self._need("partition_keys")
            return dg.SpecificPartitionsPartitionMapping(self.partition_keys)
        if self.type == "dimension":
            return dg.MultiToSingleDimensionPartitionMapping(self.dimension)
        if self.type == "all":
            return dg.AllPartitionMapping()
        return dg.LastPartitionMapping() if self.type == "last" else dg.IdentityPartitionMapping()

    def _need(self, name: str) -> None:
        if not getattr(self, name):
            raise DefinitionError(
                f"A partition mapping of type {self.type!r} needs `{name}`.", key=name
            )


def partition_mappings(values: Sequence[PartitionMapping]) -> dict[str, dg.PartitionMapping]:
    """The mappings by the name of the upstream node.

    Raises:
        DefinitionError: One is not valid, or two are for the same node; the key names it.
    """
    found: dict[str, dg.PartitionMapping] = {}
    for position, value in enumerate(values):
        with _placed(f"partition_mappings[{position}]"):
            if value.upstream in found:
                raise DefinitionError(
                    f"There are two partition mappings for {value.upstream!r}.", key="upstream"
                )
            found[value.upstream] = value.partition_mapping()
    return found


@contextmanager
def _placed(key: str) -> Iterator[None]:
    try:
        yield
    except DefinitionError as error:
        error.key = f"{key}.{error.key}"
        raise
