select
    flights.*,
    airlines.airline_name,
    destinations.airport_name as destination_airport_name
from {{ ref('stg_flights') }} as flights
left join {{ ref('stg_airlines') }} as airlines
    on flights.carrier_code = airlines.carrier_code
left join {{ ref('stg_airports') }} as destinations
    on flights.destination_airport_code = destinations.airport_code
