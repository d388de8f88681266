select
    date_trunc('month', flight_date)::date as flight_month,
    origin_airport_code,
    count(*) as scheduled_flights,
    count(*) filter (where is_cancelled) as cancelled_flights,
    round(avg(departure_delay_minutes), 2)::numeric(8, 2) as avg_departure_delay_minutes,
    round(avg(arrival_delay_minutes), 2)::numeric(8, 2) as avg_arrival_delay_minutes,
    {{ percentage('arrival_delay_minutes < 15') }} as on_time_percentage
from {{ ref('stg_flights') }}
group by 1, 2
