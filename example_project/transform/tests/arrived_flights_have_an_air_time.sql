-- Flights that were diverted and then went on have an arrival but no air time.
{{ config(severity='warn') }}

select flight_id
from {{ ref('stg_flights') }}
where has_arrived and air_time_minutes is null
