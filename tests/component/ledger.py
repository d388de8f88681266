"""A dbt project on PostgreSQL whose events lie in 24 months, with models that are built month by month."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.dg_project import DgProject
from tests.equivalence.databases import SCHEMA, PostgresDatabase

MONTHS = {"type": "monthly", "start_date": "2023-01-01", "end_date": "2025-01-01"}

_WITHIN = (
    "{% if var('start', none) %} where happened_on >= date '{{ var(\"start\") }}'"
    " and happened_on < date '{{ var(\"end\") }}'{% endif %}"
)
_MONTHLY = "{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='month') }}"
FILES = {
    # Two years of events, the same ones whenever it is built.
    "models/events.sql": (
        "{{ config(materialized='table') }}"
        " select n as event_id, date '2023-01-01' + (n % 731) as happened_on, n % 5 as account_id, (n * 37) % 101 as amount"
        " from generate_series(1, 5000) as n"
    ),
    "models/monthly/monthly_amounts.sql": (
        f"{_MONTHLY} select date_trunc('month', happened_on)::date as month, account_id, sum(amount) as amount"
        f" from {{{{ ref('events') }}}} {_WITHIN} group by 1, 2"
    ),
    "models/monthly/monthly_counts.sql": (
        f"{_MONTHLY} select date_trunc('month', happened_on)::date as month, count(*) as events"
        f" from {{{{ ref('events') }}}} {_WITHIN} group by 1"
    ),
    "models/accounts.sql": (
        "{{ config(materialized='table') }}"
        " select account_id, sum(amount) as amount from {{ ref('monthly_amounts') }} group by 1"
    ),
    "models/schema.yml": yaml.safe_dump(
        {
            "version": 2,
            "models": [
                {
                    "name": "monthly_counts",
                    "columns": [{"name": "month", "data_tests": ["unique", "not_null"]}],
                },
            ],
        }
    ),
    # Neither `events` nor `accounts` comes last by itself.
    "tests/all_amounts_are_counted.sql": (
        "select 1 from (select sum(amount) as a from {{ ref('events') }}) x"
        " cross join (select sum(amount) as a from {{ ref('accounts') }}) y where x.a < y.a"
    ),
}


@dataclass
class Ledger:
    """The dbt project, in a dg project."""

    dg_project: DgProject
    database: PostgresDatabase

    @classmethod
    def create(cls, folder: Path, database: PostgresDatabase) -> "Ledger":
        database.clear()
        ledger = cls(DgProject(folder), database)
        output = {**database.output(), "threads": 2}
        ledger.write(
            {
                "dbt_project.yml": yaml.safe_dump(
                    {"name": "ledger", "version": "1.0", "profile": "ledger"}
                ),
                "profiles.yml": yaml.safe_dump(
                    {"ledger": {"target": "dev", "outputs": {"dev": output}}}
                ),
                **FILES,
            }
        )
        return ledger

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.dg_project.root / "ledger" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def write_component(self, **attributes: Any) -> None:
        self.dg_project.write_component(project="{{ context.project_root }}/ledger", **attributes)

    def rows(self, name: str) -> list[tuple[Any, ...]]:
        return sorted(self.database.rows(f"select * from {SCHEMA}.{name}"))

    def truth(self) -> dict[str, list[tuple[Any, ...]]]:
        """What the monthly models hold if all of it is right, computed without dbt."""
        events = f"{SCHEMA}.events"
        month = "date_trunc('month', happened_on)::date"
        return {
            "monthly_amounts": sorted(
                self.database.rows(
                    f"select {month}, account_id, sum(amount) from {events} group by 1, 2"
                )
            ),
            "monthly_counts": sorted(
                self.database.rows(f"select {month}, count(*) from {events} group by 1")
            ),
        }
