-- Billed amounts by month, split into what has a line's month to stand in and what has not: charges of unknown lines and of
-- months before activation enter no figure. A line has its months from the one of its activation on, or is billed after its
-- churn, which keeps its place; this is asked of the register, not of the months as they were made, which are checked against it.
-- Only months that changed are built.
{% set to_build = built_by_month('int_revenue__charge_sources') %}
with

charges as (

    select
        charges.bill_month as month,
        charges.amount,
        lines.subscriber_id,
        lines.subscriber_id is not null as is_allocated
    from {{ ref('stg_billing__charges') }} as charges
    left join {{ ref('stg_crm__subscribers') }} as lines
        on charges.subscriber_id = lines.subscriber_id
        and charges.bill_month >= {{ month_of('lines.activation_date') }}
    where {{ in_months('charges.bill_month', to_build) }}

),

split as (

    select
        month,
        sum(amount) as billed_amount,
        sum(case when is_allocated then amount else 0 end) as allocated_amount,
        sum(case when is_allocated then 0 else amount end) as unallocated_amount,
        sum(case when is_allocated then 0 else 1 end) as unallocated_charges,
        count(distinct subscriber_id) as lines_billed
    from charges
    group by month

)

select
    split.*,
    sources.source_fingerprint
from split
inner join {{ ref('int_revenue__charge_sources') }} as sources on split.month = sources.month
