select
    origin as airport_code,
    time_hour as observed_at,
    temp as temperature_fahrenheit,
    humid as relative_humidity,
    wind_speed as wind_speed_mph,
    wind_gust as wind_gust_mph,
    precip as precipitation_inches,
    pressure as pressure_millibars,
    visib as visibility_miles
from {{ source('raw', 'weather') }}
