-- What a line has: its plan, add-on services, contracts and handset, by their dates, also where it is off the network.
{% set service_classes = {
    'data_pack': 'has_data_pack', 'voice_pack': 'has_voice_pack', 'messaging_pack': 'has_messaging_pack',
    'roaming_pack': 'has_roaming_pack', 'family': 'has_family_service', 'broadband': 'has_broadband', 'music': 'has_music',
    'video': 'has_video', 'cloud': 'has_cloud',
} %}
with

lines as (

    select * from {{ ref('dim_subscribers') }}

),

-- A service taken again before the last time ran out runs twice, and is one service with one fee.
running as (

    select distinct
        subscriber_id,
        service_code,
        service_class,
        monthly_fee
    from {{ ref('fct_service_subscriptions') }}
    where is_running

),

services as (

    select
        subscriber_id,
        count(*) as running_services,
        sum(monthly_fee) as services_monthly_fee,
        {%- for code, flag in service_classes.items() %}
        max(case when service_class = '{{ code }}' then 1 else 0 end) as {{ flag }}{{ "," if not loop.last }}
        {%- endfor %}
    from running
    group by subscriber_id

),

-- Of several that run, the one that binds longest; of equal ones the later begun, then the lower id.
contracts as (

    select
        *,
        sum(monthly_commitment) over (partition by subscriber_id) as commitments,
        max(case when contract_type = 'handset_subsidy' then 1 else 0 end) over (partition by subscriber_id) as handset_contracts
    from {{ ref('fct_contracts') }}
    where is_running
    qualify row_number() over (partition by subscriber_id order by end_date desc, start_date desc, contract_id asc) = 1

),

handsets as (

    select
        used.subscriber_id,
        used.last_month,
        models.*,
        price_bands.band as price_band
    from {{ ref('fct_device_use') }} as used
    left join {{ ref('dim_devices') }} as models on used.tac = models.tac
    left join {{ bands('device_price_bands') }} as price_bands
        on {{ in_band('models.list_price', 'price_bands') }}
    where used.is_present

)

select
    lines.subscriber_id,

    ---------- plan
    plans.monthly_fee as plan_monthly_fee,
    plans.network_generation as plan_generation,
    plans.is_on_sale as is_plan_on_sale,
    case when lines.is_on_net
        then cast({{ tenure_months('plan_periods.start_date', as_of_date()) }} as integer)
    end as months_on_plan,

    ---------- services
    cast(coalesce(services.running_services, 0) as integer) as running_services,
    cast(coalesce(services.services_monthly_fee, 0) as decimal(12, 2)) as services_monthly_fee,
    {%- for flag in service_classes.values() %}
    coalesce(services.{{ flag }}, 0) = 1 as {{ flag }},
    {%- endfor %}

    ---------- contract
    contracts.subscriber_id is not null as has_contract,
    contracts.contract_type,
    contracts.start_date as contract_start_date,
    contracts.end_date as contract_end_date,
    cast({{ dbt.datediff(as_of_date(), 'contracts.end_date', 'day') }} as integer) as days_to_contract_end,
    coalesce(contracts.handset_contracts, 0) = 1 as has_handset_contract,
    cast(contracts.commitments as decimal(12, 2)) as monthly_commitment,

    ---------- handset
    handsets.last_month as device_seen_month,
    handsets.device_brand,
    handsets.device_model,
    handsets.operating_system as device_os,
    handsets.network_generation as device_generation,
    handsets.list_price as device_list_price,
    handsets.price_band as device_price_band,
    handsets.months_since_launch as device_age_months,
    handsets.network_generation = '5g' as has_5g_device,
    -- Null unless both are known: false and null would be false.
    case when handsets.network_generation is not null and plans.network_generation is not null
        then handsets.network_generation = '5g' and plans.network_generation < '5g'
    end as is_device_above_plan
from lines
left join {{ ref('dim_plans') }} as plans on lines.plan_code = plans.plan_code
left join {{ ref('fct_plan_periods') }} as plan_periods
    on lines.subscriber_id = plan_periods.subscriber_id
    and plan_periods.is_present
left join services on lines.subscriber_id = services.subscriber_id
left join contracts on lines.subscriber_id = contracts.subscriber_id
left join handsets on lines.subscriber_id = handsets.subscriber_id
