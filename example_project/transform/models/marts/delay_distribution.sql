with bands as (
    select
        band,
        from_minutes,
        lead(from_minutes) over (order by from_minutes) as next_from_minutes
    from {{ ref('delay_bands') }}
)

select
    flights.carrier_code,
    bands.band as delay_band,
    count(*) as departed_flights,
    round(100.0 * count(*) / sum(count(*)) over (partition by flights.carrier_code), 2) as percentage_of_carrier
from {{ ref('stg_flights') }} as flights
inner join bands
    on flights.departure_delay_minutes >= bands.from_minutes
    and (flights.departure_delay_minutes < bands.next_from_minutes or bands.next_from_minutes is null)
group by flights.carrier_code, bands.band
