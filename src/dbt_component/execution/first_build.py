"""Lets only one run build an incremental model for the first time.

dbt creates the table of an incremental model if it does not exist. If several partitions are built at once for the first time,
each run creates it, and the last one replaces what the others have written. So the first of them runs alone; the others
wait and then find the table.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import dagster as dg

from dbt_component._dagster import claim_slot, delete_slots, free_slot
from dbt_component.definitions.listing import listed
from dbt_component.manifest.node import Node

_GROWING = frozenset({"incremental", "snapshot"})
_SECONDS_BETWEEN_TRIES = 1.0


class FirstBuild:
    """The first build of assets that grow with each partition.

    It is known by the Dagster instance, so it also holds for runs on different machines: the first run claims a slot of
    a pool ``first_build_of_<op>``, which is removed when the assets have been materialized. If the run is killed, the slot
    becomes free when the instance finds that the run has ended.

    Args:
        context: The context of the op.
        asset_keys: The keys of the nodes that the step builds.
    """

    def __init__(
        self, context: dg.OpExecutionContext, asset_keys: Sequence[tuple[Node, dg.AssetKey]]
    ) -> None:
        self._context = context
        self._growing = [key for node, key in asset_keys if node.materialized in _GROWING]

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Waits until no other run builds one of the assets for the first time; then holds off the others if this one does.

        Does nothing in runs without partitions.
        """
        context = self._context
        if not self._growing or not (context.has_partition_key or context.has_partition_key_range):
            yield
            return
        if not self._missing():
            yield
            return
        pool = f"first_build_of_{context.op_def.name}"
        step = f"{context.op_handle}: first build"
        self._claim(pool, step)
        try:
            if not self._missing():  # another run has built them meanwhile
                free_slot(context.instance, run_id=context.run_id, step_key=step)
            yield
        finally:
            free_slot(context.instance, run_id=context.run_id, step_key=step)
            if not self._missing():
                delete_slots(context.instance, pool)

    def _claim(self, pool: str, step: str) -> None:
        pause = threading.Event()
        is_waiting = False
        while not claim_slot(
            self._context.instance, pool, run_id=self._context.run_id, step_key=step
        ):
            if not self._missing():
                return
            if not is_waiting:
                is_waiting = True
                self._context.log.info(
                    "Waiting: another run builds %s for the first time, and creates the tables.",
                    listed(key.to_user_string() for key in self._missing()),
                )
            pause.wait(_SECONDS_BETWEEN_TRIES)

    def _missing(self) -> list[dg.AssetKey]:
        """The assets that have never been materialized."""
        records = self._context.instance.get_asset_records(self._growing)
        built = {
            record.asset_entry.asset_key
            for record in records
            if record.asset_entry.last_materialization_record is not None
        }
        return [key for key in self._growing if key not in built]
