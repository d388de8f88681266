"""The list of unusual days for whoever is on call, as a table in the materialization's metadata."""

import dagster as dg
import pandas as pd
from dbt_component import DbtIOManager


@dg.asset(
    key=["reporting", "unusual_days_report"],
    ins={"unusual_days": dg.AssetIn(["alerts", "unusual_days"], input_manager_key="dbt_tables")},
    group_name="reporting",
    kinds={"python", "pandas"},
    owners=["team:reporting"],
)
def unusual_days_report(unusual_days: pd.DataFrame) -> dg.MaterializeResult[None]:
    """The days with the latest departures compared with the weeks before, the most unusual first."""
    ranked = unusual_days.sort_values("deviations", ascending=False)
    return dg.MaterializeResult(
        metadata={
            "days": dg.MetadataValue.md(_table(ranked.head(20))),
            "dagster/row_count": len(ranked),
        }
    )


def _table(days: pd.DataFrame) -> str:
    """A Markdown table. (`DataFrame.to_markdown` needs another package.)"""
    lines = [" | ".join(days.columns), " | ".join("---" for _ in days.columns)]
    lines += [" | ".join(map(str, row)) for row in days.itertuples(index=False)]
    return "\n".join(f"| {line} |" for line in lines)


@dg.definitions
def defs() -> dg.Definitions:
    """Defines the report, and the IO manager that loads tables that dbt has built."""
    return dg.Definitions(assets=[unusual_days_report], resources={"dbt_tables": DbtIOManager()})
