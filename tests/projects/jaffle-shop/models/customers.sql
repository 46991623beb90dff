select
    customers.customer_id,
    customers.first_name,
    sum(orders.amount) as spent
from {{ ref('stg_customers') }} as customers
left join {{ ref('stg_orders') }} as orders using (customer_id)
group by all
