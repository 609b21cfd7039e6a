-- Segments of lines by month: what stands out in each, how many lines it has, how many of them it had the month before.
select
    month,
    segment,
    profile_en as profile,
    profile_zh,
    lines,
    {{ ratio('lines', 'sum(lines) over (partition by month)') }} as line_share,
    stayed as lines_stayed,
    came as lines_came,
    {{ ratio('came', '(stayed + came)') }} as came_share,
    model_version
from {{ ref('stg_ledger__line_segments') }}
