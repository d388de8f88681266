-- depends_on: {{ ref('raw_orders') }}
select id, amount from {{ source('external', 'raw_orders') }}
