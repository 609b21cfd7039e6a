-- How each line on-net at a month's end stood then by what has a beginning and an end: contracts, services, groups, its handset,
-- its status.
{{ config(materialized='view', access='private', meta={'public': false}) }}
with

lines as (

    select
        facts.subscriber_id,
        facts.month,
        months.last_day
    from {{ ref('fct_subscriber_months') }} as facts
    inner join {{ ref('int_subscribers__months_held') }} as months on facts.month = months.month
    where facts.is_on_net_end and facts.is_complete_month

),

contracts as (

    select
        lines.month,
        lines.subscriber_id,
        max({{ dbt.datediff('lines.last_day', 'begun.end_date', 'day') }}) as days_to_contract_end
    from lines
    inner join {{ ref('fct_contracts') }} as begun
        on lines.subscriber_id = begun.subscriber_id
        and lines.last_day >= begun.start_date
    group by lines.month, lines.subscriber_id

),

-- A service in two rows that run is one service with one fee.
running as (

    select distinct
        lines.month,
        lines.subscriber_id,
        services.service_code,
        services.service_class,
        services.monthly_fee
    from lines
    inner join {{ ref('fct_service_subscriptions') }} as services
        on lines.subscriber_id = services.subscriber_id
        and lines.last_day >= services.start_date
        and lines.last_day <= coalesce(services.end_date, {{ open_end() }})

),

services as (

    select
        month,
        subscriber_id,
        {{ dbt.listagg('service_class', class_separator(), 'order by service_class') }} as service_classes,
        count(*) as services_running,
        sum(monthly_fee) as service_fees
    from running
    group by month, subscriber_id

),

memberships as (

    select
        lines.month,
        lines.subscriber_id,
        count(*) as groups_joined
    from lines
    inner join {{ ref('int_subscribers__memberships') }} as members
        on lines.subscriber_id = members.subscriber_id
        and lines.last_day >= members.joined_on
        and lines.last_day < members.left_on
    group by lines.month, lines.subscriber_id

),

handsets as (

    select
        lines.month,
        lines.subscriber_id,
        {{ dbt.datediff('used.first_month', 'lines.month', 'month') }} as months_of_handset,
        devices.list_price as handset_price
    from lines
    inner join {{ ref('fct_device_use') }} as used
        on lines.subscriber_id = used.subscriber_id
        and lines.month >= used.first_month
    left join {{ ref('dim_devices') }} as devices on used.tac = devices.tac
    qualify row_number() over (
        partition by lines.month, lines.subscriber_id order by used.first_month desc, used.tac asc
    ) = 1

)

select
    lines.month,
    lines.subscriber_id,
    cast(contracts.days_to_contract_end as integer) as days_to_contract_end,
    services.service_classes,
    coalesce(services.services_running, 0) as services_running,
    cast(coalesce(services.service_fees, 0) as decimal(18, 2)) as service_fees,
    coalesce(memberships.groups_joined, 0) as groups_joined,
    cast(handsets.months_of_handset as integer) as months_of_handset,
    cast(handsets.handset_price as decimal(12, 2)) as handset_price,
    case when statuses.status_code = 'active' then 0 else 1 end as is_suspended,
    cast({{ dbt.datediff('statuses.from_date', 'lines.last_day', 'day') }} as integer) as days_in_status
from lines
left join contracts on lines.subscriber_id = contracts.subscriber_id and lines.month = contracts.month
left join services on lines.subscriber_id = services.subscriber_id and lines.month = services.month
left join memberships on lines.subscriber_id = memberships.subscriber_id and lines.month = memberships.month
left join handsets on lines.subscriber_id = handsets.subscriber_id and lines.month = handsets.month
left join {{ ref('int_subscribers__status_periods') }} as statuses
    on lines.subscriber_id = statuses.subscriber_id
    and lines.last_day >= statuses.from_date
    and lines.last_day < statuses.to_date
