select
    flights.tail_number,
    max(planes.manufacturer) as manufacturer,
    max(planes.model) as model,
    max(planes.manufactured_year) as manufactured_year,
    max(planes.seat_count) as seat_count,
    min(flights.flight_date) as first_flight_date,
    max(flights.flight_date) as last_flight_date,
    count(*) as departed_flights,
    sum(flights.distance_miles) as flown_miles
from {{ ref('stg_flights') }} as flights
left join {{ ref('stg_planes') }} as planes
    on flights.tail_number = planes.tail_number
where flights.tail_number is not null
    and not flights.is_cancelled
group by flights.tail_number
