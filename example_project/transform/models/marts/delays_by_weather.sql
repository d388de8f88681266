select
    origin_airport_code,
    case
        when not has_weather then 'unknown'
        when visibility_miles < 1 then 'fog'
        when precipitation_inches > 0 then 'rain or snow'
        else 'dry'
    end as weather,
    count(*) as scheduled_flights,
    round(avg(departure_delay_minutes), 2) as avg_departure_delay_minutes,
    {{ percentage('is_cancelled') }} as cancelled_percentage
from {{ ref('int_flights_with_weather') }}
group by 1, 2
