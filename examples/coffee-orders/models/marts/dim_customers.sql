-- One row a customer, also those who have not ordered yet.
with spending as (
    select
        customer_id,
        count(*) as orders,
        sum(revenue_cents) as lifetime_cents,
        min(ordered_on) as first_order_on,
        max(ordered_on) as last_order_on
    from {{ ref('fct_orders') }}
    where customer_id is not null
    group by customer_id
)

select
    customers.customer_id,
    customers.customer_name,
    customers.joined_on,
    customers.takes_newsletter,
    coalesce(spending.orders, 0) as orders,
    cast(coalesce(spending.lifetime_cents, 0) as bigint) as lifetime_cents,
    spending.first_order_on,
    spending.last_order_on,
    case
        when spending.orders is null then 'new'
        when spending.orders >= 10 then 'regular'
        when spending.orders >= 3 then 'returning'
        else 'occasional'
    end as segment
from {{ ref('stg_customers') }} as customers
left join spending on customers.customer_id = spending.customer_id
