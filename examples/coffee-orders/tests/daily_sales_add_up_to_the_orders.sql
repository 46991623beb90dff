with
daily as (select sum(revenue_cents) as cents, sum(orders) as orders from {{ ref('daily_store_sales') }}),
single as (select sum(revenue_cents) as cents, count(*) as orders from {{ ref('fct_orders') }})

select
    daily.cents as daily_cents,
    single.cents as order_cents
from daily
cross join single
where daily.cents <> single.cents or daily.orders <> single.orders
