-- Survey answers with their class: promoter, passive or detractor.
with

classed as (

    select
        *,
        case
            when score >= {{ rule('service_rules', 'promoter_score') }} then 'promoter'
            when score <= {{ rule('service_rules', 'detractor_score') }} then 'detractor'
            else 'passive'
        end as nps_class
    from {{ ref('stg_channel__surveys') }}

)

select * from classed
