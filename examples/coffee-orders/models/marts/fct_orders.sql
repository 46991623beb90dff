-- One row an order that was placed, with its money. Cancelled orders are left out.
select
    orders.order_id,
    orders.customer_id,
    orders.store_id,
    orders.ordered_at,
    orders.ordered_on,
    orders.channel,
    orders.status,
    totals.items,
    totals.gross_cents,
    case when orders.status = 'refunded' then 0 else totals.paid_cents end as revenue_cents,
    totals.cost_cents
from {{ ref('stg_orders') }} as orders
inner join {{ ref('int_order_totals') }} as totals on orders.order_id = totals.order_id
where orders.status <> 'cancelled'
