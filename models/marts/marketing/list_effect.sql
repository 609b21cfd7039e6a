-- What each run of a list did, against those whom it held back.
with

counted as (

    select
        list_name,
        run_date,
        min(channel) as channel,
        {{ effect_counts() }}
    from {{ ref('list_member_outcomes') }}
    group by list_name, run_date

),

effect as (

    {{ effect_rates('counted', ['list_name', 'run_date', 'channel'], rule('effect_rules', 'confidence_z')) }}

)

select * from effect
