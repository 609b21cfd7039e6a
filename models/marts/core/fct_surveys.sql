-- Answers to the recommendation survey.
select
    survey_id,
    subscriber_id,
    surveyed_at,
    touchpoint_code,
    score,
    nps_class,
    driver_code
from {{ ref('int_contacts__surveys_classed') }}
