select
    origin_airport_code,
    destination_airport_code,
    max(destination_airport_name) as destination_airport_name,
    max(distance_miles) as distance_miles,
    count(*) as scheduled_flights,
    count(distinct carrier_code) as carriers,
    round(avg(air_time_minutes), 1) as avg_air_time_minutes,
    {{ percentage('arrival_delay_minutes < 15') }} as on_time_percentage
from {{ ref('int_flights_enriched') }}
group by 1, 2
