select 1 as order_id, 3 as amount, cast('2024-01-01' as date) as ordered_on
