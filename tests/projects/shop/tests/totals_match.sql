{{ config(meta={'dagster': {'ref': {'name': 'customers'}}}) }}
select * from (select sum(orders) as a from {{ ref('customers') }}) x
cross join (select sum(orders) as b from {{ ref('daily_orders') }}) y
where a > b
