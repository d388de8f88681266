{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['flight_date', 'carrier_code'],
        on_schema_change='append_new_columns'
    )
}}

select
    flight_date,
    carrier_code,
    max(airline_name) as airline_name,
    count(*) as scheduled_flights,
    count(*) filter (where is_cancelled) as cancelled_flights,
    count(*) filter (where is_diverted) as diverted_flights,
    round(avg(departure_delay_minutes), 2) as avg_departure_delay_minutes,
    round(avg(arrival_delay_minutes), 2) as avg_arrival_delay_minutes,
    {{ percentage('arrival_delay_minutes < 15') }} as on_time_percentage
from {{ ref('int_flights_enriched') }}
{% if is_incremental() %}
where flight_date > (select max(flight_date) - {{ var('lookback_days') }} from {{ this }})
{% endif %}
group by flight_date, carrier_code
