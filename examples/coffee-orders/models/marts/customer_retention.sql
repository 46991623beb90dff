-- Of the customers whose first order was in a month, how many ordered again n months later?
with active as (
    select distinct
        customer_id,
        cast({{ dbt.date_trunc('month', 'ordered_on') }} as date) as month
    from {{ ref('fct_orders') }}
    where customer_id is not null
),

cohorts as (
    select
        customer_id,
        min(month) as cohort
    from active
    group by customer_id
),

sizes as (
    select
        cohort,
        count(*) as customers
    from cohorts
    group by cohort
)

select
    cohorts.cohort,
    cast(
        (extract(year from active.month) - extract(year from cohorts.cohort)) * 12
        + extract(month from active.month) - extract(month from cohorts.cohort)
        as integer
    ) as months_later,
    sizes.customers as cohort_customers,
    count(*) as active_customers,
    round(100.0 * count(*) / sizes.customers, 1) as active_percent
from active
inner join cohorts on active.customer_id = cohorts.customer_id
inner join sizes on cohorts.cohort = sizes.cohort
group by 1, 2, 3
