-- What the marts hold against what came in, month by month. Every residual is 0, or the version is not published.
with

charges as (

    select
        charges.month,
        charges.billed_amount,
        -- Months before the first one held have no line's month: all of their money is left out.
        case when held.month is null then charges.billed_amount else charges.unallocated_amount end as unallocated_amount
    from {{ ref('int_revenue__charges_allocated') }} as charges
    left join {{ ref('int_subscribers__months_held') }} as held on charges.month = held.month

),

facts as (

    select
        month,
        sum(billed_amount) as billed_amount,
        sum(case when is_on_net_opening then 1 else 0 end) as opening,
        sum(case when is_new then 1 else 0 end)
        + sum(case when is_reinstated then 1 else 0 end)
        - sum(case when is_churned then 1 else 0 end) as movements,
        sum(case when is_on_net_end then 1 else 0 end) as closing
    from {{ ref('fct_subscriber_months') }}
    group by month

),

checks as (

    -- Money billed = in the marts + of unknown lines, of months before activation or before the first month held.
    select
        'billed_amount' as check_name,
        coalesce(charges.month, facts.month) as month,
        coalesce(charges.billed_amount, 0) as raw_value,
        coalesce(facts.billed_amount, 0) as mart_value,
        coalesce(charges.unallocated_amount, 0) as unallocated_value
    from charges
    full outer join facts on charges.month = facts.month

    union all

    -- On-net at the opening + activations + reinstated - churned = on-net at the end.
    select
        'on_net_base' as check_name,
        month,
        opening + movements as raw_value,
        closing as mart_value,
        0 as unallocated_value
    from facts

),

compared as (

    select
        check_name,
        month,
        cast(raw_value as decimal(18, 2)) as raw_value,
        cast(mart_value as decimal(18, 2)) as mart_value,
        cast(unallocated_value as decimal(18, 2)) as unallocated_value,
        cast(raw_value - mart_value - unallocated_value as decimal(18, 2)) as residual
    from checks

)

select * from compared
