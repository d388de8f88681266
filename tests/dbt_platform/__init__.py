"""A stand-in for the dbt platform: its Administrative API over HTTP, with real dbt on real PostgreSQL behind it."""

from tests.dbt_platform.faults import Fault
from tests.dbt_platform.platform import StandInPlatform
from tests.dbt_platform.statuses import RunStatus

__all__ = ["Fault", "RunStatus", "StandInPlatform"]
