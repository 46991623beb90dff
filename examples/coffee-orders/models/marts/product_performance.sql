-- One row a product and month: what sells, and what earns.
select
    products.product_id,
    products.product_name,
    products.category,
    cast({{ dbt.date_trunc('month', 'orders.ordered_on') }} as date) as month,
    cast(sum(items.quantity) as bigint) as units,
    cast(sum(items.line_cents) as bigint) as gross_cents,
    cast(sum(items.line_cents - items.quantity * products.cost_cents) as bigint) as gross_margin_cents
from {{ ref('stg_order_items') }} as items
inner join {{ ref('fct_orders') }} as orders on items.order_id = orders.order_id
inner join {{ ref('stg_products') }} as products on items.product_id = products.product_id
where orders.status = 'completed'
group by 1, 2, 3, 4
