select
    orders.order_id,
    orders.ordered_on,
    stores.opened_on
from {{ ref('stg_orders') }} as orders
inner join {{ ref('stg_stores') }} as stores on orders.store_id = stores.store_id
where orders.ordered_on < stores.opened_on
