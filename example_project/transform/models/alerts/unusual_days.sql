with days as (
    select
        flight_date,
        origin_airport_code,
        count(*) as scheduled_flights,
        count(*) filter (where is_cancelled) as cancelled_flights,
        avg(departure_delay_minutes) as delay_minutes
    from {{ ref('stg_flights') }}
    group by flight_date, origin_airport_code
),

compared as (
    select
        *,
        avg(delay_minutes) over days_before as usual_delay_minutes,
        stddev_samp(delay_minutes) over days_before as usual_spread_minutes,
        count(delay_minutes) over days_before as compared_days
    from days
    window days_before as (
        partition by origin_airport_code
        order by flight_date
        rows between {{ var('compared_days') }} preceding and 1 preceding
    )
)

select
    flight_date,
    origin_airport_code,
    scheduled_flights,
    cancelled_flights,
    round(delay_minutes, 1) as delay_minutes,
    round(usual_delay_minutes, 1) as usual_delay_minutes,
    round((delay_minutes - usual_delay_minutes) / usual_spread_minutes, 1) as deviations
from compared
where compared_days = {{ var('compared_days') }}
    and usual_spread_minutes > 0
    and delay_minutes > usual_delay_minutes + {{ var('deviations') }} * usual_spread_minutes
