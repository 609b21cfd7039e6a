-- How each line stood at each month's end by what has a beginning and an end: contracts, services, groups, its handset, its status.
{{ config(materialized='view', access='private', meta={'public': false}) }}
with

months as (

    select
        month,
        last_day
    from {{ ref('int_subscribers__months_held') }}
    where is_complete_month

),

handsets as (

    select
        months.month,
        used.subscriber_id,
        used.first_month,
        devices.list_price
    from months
    inner join {{ ref('fct_device_use') }} as used on months.month >= used.first_month
    left join {{ ref('dim_devices') }} as devices on used.tac = devices.tac
    qualify row_number() over (
        partition by months.month, used.subscriber_id order by used.first_month desc, used.tac asc
    ) = 1

),

states as (

    select
        months.month,
        contracts.subscriber_id,
        cast({{ dbt.datediff('months.last_day', 'contracts.end_date', 'day') }} as integer) as days_to_contract_end,
        cast(null as {{ dbt.type_string() }}) as service_code,
        cast(null as decimal(12, 2)) as service_fee,
        0 as groups_joined,
        cast(null as integer) as months_of_handset,
        cast(null as decimal(12, 2)) as handset_price,
        cast(null as integer) as is_suspended,
        cast(null as integer) as days_in_status
    from months
    inner join {{ ref('fct_contracts') }} as contracts on months.last_day >= contracts.start_date

    union all

    select month, subscriber_id, null, service_code, monthly_fee, 0, null, null, null, null
    from months
    inner join {{ ref('fct_service_subscriptions') }} as services
        on months.last_day >= services.start_date
        and months.last_day <= coalesce(services.end_date, {{ open_end() }})

    union all

    select month, subscriber_id, null, null, null, 1, null, null, null, null
    from months
    inner join {{ ref('int_subscribers__memberships') }} as members
        on months.last_day >= members.joined_on
        and months.last_day < members.left_on

    union all

    select month, subscriber_id, null, null, null, 0, {{ dbt.datediff('first_month', 'month', 'month') }}, list_price, null, null
    from handsets

    union all

    select
        month, subscriber_id, null, null, null, 0, null, null,
        case when statuses.status_code = 'active' then 0 else 1 end,
        {{ dbt.datediff('statuses.from_date', 'months.last_day', 'day') }}
    from months
    inner join {{ ref('int_subscribers__status_periods') }} as statuses
        on months.last_day >= statuses.from_date
        and months.last_day < statuses.to_date

)

select
    month,
    subscriber_id,
    max(days_to_contract_end) as days_to_contract_end,
    count(distinct service_code) as services_running,
    cast(coalesce(sum(service_fee), 0) as decimal(18, 2)) as service_fees,
    cast(sum(groups_joined) as bigint) as groups_joined,
    cast(max(months_of_handset) as integer) as months_of_handset,
    cast(max(handset_price) as decimal(12, 2)) as handset_price,
    cast(max(is_suspended) as integer) as is_suspended,
    cast(max(days_in_status) as integer) as days_in_status
from states
group by month, subscriber_id
