-- How good the scores of each month were, as they were given, once it was known what became of the lines; and how far each
-- feature of the lines scored lay from what the model had learnt from.
select
    purpose,
    month as score_month,
    kind,
    part,
    model_version,
    scores,
    positive,
    mean_probability,
    came_true_share,
    mean_probability - came_true_share as calibration_gap,
    auc,
    average_precision,
    lift_5,
    lift_10,
    lift_20,
    brier,
    psi
from {{ ref('stg_ledger__scoring_checks') }}
