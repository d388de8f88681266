select c.customer_id from {{ ref('customers') }} c
join {{ ref('stg_orders') }} o on o.customer_id = c.customer_id
where o.amount < 0
