"""A chart of the mart `monthly_delays`, stored in its materialization metadata."""

import base64
import io

import dagster as dg
import pandas as pd
from matplotlib.figure import Figure

from nyc_flights import database

_QUERY = """
    select flight_month, origin_airport_code, avg_departure_delay_minutes
    from nyc_marts.monthly_delays
    order by flight_month, origin_airport_code
"""


@dg.asset(
    key=["reporting", "monthly_delay_chart"],
    deps=[dg.AssetKey(["marts", "monthly_delays"])],
    group_name="reporting",
    kinds={"python", "matplotlib"},
    owners=["team:reporting"],
)
def monthly_delay_chart() -> dg.MaterializeResult[None]:
    """The mean departure delay by month, with one line per New York airport."""
    with database.connect() as connection:
        cursor = connection.execute(_QUERY)
        columns = [column.name for column in cursor.description or []]
        delays = pd.DataFrame(cursor.fetchall(), columns=columns)
    png = base64.b64encode(_draw(delays)).decode()
    return dg.MaterializeResult(
        metadata={
            "chart": dg.MetadataValue.md(
                f"![Monthly departure delays](data:image/png;base64,{png})"
            ),
            "dagster/row_count": len(delays),
        }
    )


def _draw(delays: pd.DataFrame) -> bytes:
    """Draws the chart as a PNG."""
    figure = Figure(figsize=(8, 4.5), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    by_airport = delays.pivot(
        index="flight_month", columns="origin_airport_code", values="avg_departure_delay_minutes"
    ).astype(float)
    for airport in by_airport.columns:
        axes.plot(by_airport.index, by_airport[airport], marker="o", label=airport)
    axes.set_title("Departure delay from New York City, 2013")
    axes.set_ylabel("mean delay in minutes")
    axes.set_ylim(bottom=0)
    axes.set_xticks(list(by_airport.index), [month.strftime("%b") for month in by_airport.index])
    axes.grid(alpha=0.3)
    axes.legend(title="airport")
    png = io.BytesIO()
    figure.savefig(png, format="png")
    return png.getvalue()
