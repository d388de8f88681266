-- The weather is missing for some hours with departures and for the entire last day of the year.
-- The test has two parents; meta.dagster.ref names the one that the check belongs to.
{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'stg_flights'}}}) }}

select flights.flight_id
from {{ ref('stg_flights') }} as flights
left join {{ ref('stg_weather') }} as weather
    on flights.origin_airport_code = weather.airport_code
    and flights.scheduled_hour_at = weather.observed_at
where weather.observed_at is null
