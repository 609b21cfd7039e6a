-- Answers to "how likely are you to recommend us", by touchpoint: the latest row of each.
with

source as (

    select * from {{ latest_rows('channel', 'channel_surveys') }} as latest

),

renamed as (

    select
        survey_id,
        subscriber_id,
        surveyed_at,
        touchpoint_code,
        score,
        driver_code
    from source

)

select * from renamed
