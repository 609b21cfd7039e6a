{# What campaigns did, from their members' outcomes: counts of both arms, rates, and the difference that the campaign made. #}

{# Counts of members by arm, for a select over their outcomes, grouped by whatever is compared. #}
{% macro effect_counts() -%}
    {%- for arm in ['treated', 'control'] %}
    sum(case when arm = '{{ arm }}' then 1 else 0 end) as targeted_{{ arm }},
    sum(case when arm = '{{ arm }}' and is_contacted then 1 else 0 end) as contacted_{{ arm }},
    sum(case when arm = '{{ arm }}' and is_connected then 1 else 0 end) as connected_{{ arm }},
    sum(case when arm = '{{ arm }}' and has_ordered then 1 else 0 end) as ordered_{{ arm }},
    count(case when arm = '{{ arm }}' then has_ordered end) as could_order_{{ arm }},
    sum(case when arm = '{{ arm }}' and has_succeeded then 1 else 0 end) as succeeded_{{ arm }},
    count(case when arm = '{{ arm }}' then has_succeeded end) as could_succeed_{{ arm }},
    sum(case when arm = '{{ arm }}' and is_kept then 1 else 0 end) as kept_{{ arm }},
    count(case when arm = '{{ arm }}' then is_kept end) as judged_{{ arm }},
    {%- endfor %}
    sum(case when arm = 'treated' and is_at_risk and is_contacted and is_kept then 1 else 0 end) as saved,
    count(case when arm = 'treated' and is_at_risk and is_contacted then is_kept end) as could_be_saved
{%- endmacro %}


{# What a member's contacts cost, and the gift of one who ordered, on rows of list_member_outcomes, of channel_costs as `channels` and of
   offer_chances as `offers`. #}
{% macro contact_cost(members) -%}
    {{ members }}.contacts * coalesce(channels.contact_cost, 0)
{%- endmacro %}

{% macro gift_cost(members) -%}
    case when {{ members }}.has_ordered then coalesce(offers.gift_cost_amount, 0) else 0 end
{%- endmacro %}


{# Rates and uplifts of a relation with these counts: its keys, then the columns of the effect tables. An uplift is the treated rate
   less the control rate; its interval (`z` standard deviations on either side) is Newcombe's (1998, method 10), made of Wilson's of both arms: it holds for small arms and
   for rates near 0 and 1, where the usual one does not. Null where an arm has nobody. #}
{% macro effect_rates(counted, keys, z) -%}
    {%- set outcomes = {'ordered': 'could_order', 'kept': 'judged'} -%}
    select
        {{ keys | join(',\n        ') }},
        {%- for column in ['targeted', 'contacted', 'connected', 'ordered'] %}{% for arm in ['treated', 'control'] %}
        cast({{ column }}_{{ arm }} as bigint) as {{ column }}_{{ arm }},
        {%- endfor %}{% endfor %}
        {{ ratio('connected_treated', 'contacted_treated') }} as connection_rate,
        {{ ratio('succeeded_treated', 'could_succeed_treated') }} as success_rate_treated,
        {{ ratio('succeeded_control', 'could_succeed_control') }} as success_rate_control,
        ordered_rate_treated as response_rate_treated,
        ordered_rate_control as response_rate_control,
        {{ newcombe('ordered') }} as uplift,
        {{ newcombe('ordered', 'low') }} as uplift_low,
        {{ newcombe('ordered', 'high') }} as uplift_high,
        {{ ratio('saved', 'could_be_saved') }} as save_rate,
        kept_rate_treated as retention_rate_treated,
        kept_rate_control as retention_rate_control,
        {{ newcombe('kept') }} as retention_uplift,
        {{ newcombe('kept', 'low') }} as retention_uplift_low,
        {{ newcombe('kept', 'high') }} as retention_uplift_high,
        {#- Names of the version before. #}
        ordered_rate_treated as participation_treated,
        ordered_rate_control as participation_control,
        kept_rate_treated,
        kept_rate_control,
        {{ newcombe('kept') }} as kept_uplift,
        {{ newcombe('kept', 'low') }} as kept_uplift_low,
        {{ newcombe('kept', 'high') }} as kept_uplift_high
    from (
        select
            *,
            {%- for outcome, of in outcomes.items() %}{% for arm in ['treated', 'control'] %}
            {{ wilson(outcome ~ '_' ~ arm, of ~ '_' ~ arm, '-') }} as {{ outcome }}_low_{{ arm }},
            {{ wilson(outcome ~ '_' ~ arm, of ~ '_' ~ arm, '+') }} as {{ outcome }}_high_{{ arm }},
            {{ ratio(outcome ~ '_' ~ arm, of ~ '_' ~ arm) }} as {{ outcome }}_rate_{{ arm }}{{ "," if not loop.last }}
            {%- endfor %}{{ "," if not loop.last }}{% endfor %}
        from (select *, cast({{ z }} as double) as z from {{ counted }}) as sure
    ) as rated
{%- endmacro %}


{# Bound of Wilson's interval of a share, `sign` - for the lower and + for the upper; needs a column z. Null over 0. #}
{% macro wilson(hits, of, sign) -%}
    {%- set p, n = '(' ~ ratio(hits, of) ~ ')', 'nullif(cast(' ~ of ~ ' as double), 0)' -%}
    (
        {{ p }} + z * z / (2 * {{ n }})
        {{ sign }} z * sqrt({{ p }} * (1 - {{ p }}) / {{ n }} + z * z / (4 * {{ n }} * {{ n }}))
    ) / (1 + z * z / {{ n }})
{%- endmacro %}


{# The difference of an outcome between the arms, or a bound of its interval. #}
{% macro newcombe(outcome, bound=none) -%}
    {%- set difference = outcome ~ '_rate_treated - ' ~ outcome ~ '_rate_control' -%}
    {%- if not bound -%}
        {{ difference }}
    {%- else -%}
        {%- set sign, own, other = ('-', 'low', 'high') if bound == 'low' else ('+', 'high', 'low') -%}
        {{ difference }} {{ sign }} sqrt(
            power({{ outcome }}_rate_treated - {{ outcome }}_{{ own }}_treated, 2)
            + power({{ outcome }}_{{ other }}_control - {{ outcome }}_rate_control, 2)
        )
    {%- endif -%}
{%- endmacro %}
