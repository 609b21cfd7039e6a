"""Scores of lines: models that learn from months whose outcome is known and say how likely it is for the last month.

- pure, on pandas frames: `model`, `metrics`, `baselines`, `reasons`, `drift`, `segments`; in words: `show`; as pictures: `plots`
- what sets models apart: `purposes`, one entry each
- on a build: `rows` reads; `train`, `score`, `check`, `grouping` each do one thing for one purpose; `nightly` does all for all
- what is kept on disk: `store`, `ledger`, `cards`

Features and outcomes are made in models/marts/scoring/; what a tag says of a score, in models/marts/tags/.
"""

from orchestration.scoring.model import Model, fit, predict

__all__ = ["Model", "fit", "predict"]
