-- One row a store and day. Later runs take up the last day again, since it may have been incomplete, and what came after.
{% if target.type == 'spark' %}
{# Spark cannot delete rows from Parquet files: it replaces whole partitions, here days. #}
{{ config(materialized='incremental', incremental_strategy='insert_overwrite', partition_by=['ordered_on'], file_format='parquet') }}
{% else %}
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['store_id', 'ordered_on']) }}
{% endif %}

select
    orders.store_id,
    stores.store_name,
    stores.city,
    orders.ordered_on,
    count(*) as orders,
    cast(sum(orders.revenue_cents) as bigint) as revenue_cents,
    cast(sum(orders.revenue_cents - orders.cost_cents) as bigint) as margin_cents
from {{ ref('fct_orders') }} as orders
inner join {{ ref('stg_stores') }} as stores on orders.store_id = stores.store_id
{% if is_incremental() %}
where orders.ordered_on >= (select max(ordered_on) from {{ this }})
{% endif %}
group by 1, 2, 3, 4
