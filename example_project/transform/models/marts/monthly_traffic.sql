{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['flight_month', 'destination_airport_code']
    )
}}

select
    date_trunc('month', flight_date)::date as flight_month,
    destination_airport_code,
    count(*) as departed_flights,
    sum(distance_miles) as flown_miles
from {{ ref('stg_flights') }}
where not is_cancelled
{% if var('month_start', none) %}
    and flight_date >= date '{{ var("month_start") }}'
    and flight_date < date '{{ var("month_end") }}'
{% endif %}
group by 1, 2
