select
    flights.flight_id,
    flights.origin_airport_code,
    flights.departure_delay_minutes,
    flights.is_cancelled,
    weather.observed_at is not null as has_weather,
    weather.precipitation_inches,
    weather.visibility_miles
from {{ ref('stg_flights') }} as flights
left join {{ ref('stg_weather') }} as weather
    on flights.origin_airport_code = weather.airport_code
    and flights.scheduled_hour_at = weather.observed_at
