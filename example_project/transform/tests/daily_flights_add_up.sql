-- The incremental mart counts every flight once, however often it is built.
{{ config(meta={'dagster': {'ref': {'name': 'daily_carrier_performance'}}}) }}

with staged as (
    select flight_date, count(*) as flights
    from {{ ref('stg_flights') }}
    group by flight_date
),

mart as (
    select flight_date, sum(scheduled_flights) as flights
    from {{ ref('daily_carrier_performance') }}
    group by flight_date
)

select flight_date, staged.flights as staged_flights, mart.flights as mart_flights
from staged
full outer join mart using (flight_date)
where staged.flights is distinct from mart.flights
