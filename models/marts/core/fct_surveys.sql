-- Answers to the recommendation survey with their class: promoter, passive or detractor.
select
    survey_id,
    subscriber_id,
    surveyed_at,
    touchpoint_code,
    score,
    case
        when score >= {{ rule('service_rules', 'promoter_score') }} then 'promoter'
        when score <= {{ rule('service_rules', 'detractor_score') }} then 'detractor'
        else 'passive'
    end as nps_class,
    driver_code
from {{ ref('stg_channel__surveys') }}
