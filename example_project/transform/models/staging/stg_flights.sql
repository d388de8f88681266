select
    carrier || flight || '-' || origin || '-' || to_char(make_date(year, month, day), 'YYYYMMDD') as flight_id,
    make_date(year, month, day) as flight_date,
    carrier as carrier_code,
    flight as flight_number,
    tailnum as tail_number,
    origin as origin_airport_code,
    dest as destination_airport_code,
    time_hour as scheduled_hour_at,
    time_hour + minute * interval '1 minute' as scheduled_departure_at,
    dep_delay as departure_delay_minutes,
    arr_delay as arrival_delay_minutes,
    air_time as air_time_minutes,
    distance as distance_miles,
    arr_time is not null as has_arrived,
    dep_time is null as is_cancelled,
    dep_time is not null and arr_delay is null as is_diverted
from {{ source('raw', 'flights') }}
