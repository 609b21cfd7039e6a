"""Scores as they lie in the lake, one file a month, for dbt to read back by glob. Form, writing and reading; nothing else."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.base.files import write_atomically
from orchestration.base.settings import Home
from orchestration.scoring.reasons import COLUMNS

SCORES = pa.schema(
    [
        ("subscriber_id", pa.string()),
        ("month", pa.date32()),
        ("probability", pa.float64()),
        *[(name, pa.string()) for name in COLUMNS],
        ("model_version", pa.string()),
    ]
)
"""One row a line and month scored; see the source of that name in models/staging/ledger/."""

_MADE_FROM = b"telco360.made_from"


def scores_file(home: Home, month: date) -> Path:
    """Where the scores of a month lie."""
    return home.value_loss_scores / f"month={month}" / "scores.parquet"


def write_scores(home: Home, month: date, scores: pd.DataFrame, made_from: Mapping[str, str]) -> None:
    """Writes the scores of a month in place of those it had. `scores`: the columns of SCORES; `made_from`: what they depend
    on."""
    table = pa.Table.from_pandas(scores, schema=SCORES, preserve_index=False)
    table = table.replace_schema_metadata({_MADE_FROM: json.dumps(dict(made_from), sort_keys=True).encode()})
    _write(home, scores_file(home, month), table)


def made_from(home: Home, month: date) -> dict[str, str]:
    """What the scores of a month were made from; empty where it has none."""
    path = scores_file(home, month)
    if not path.exists():
        return {}
    found = (pq.read_schema(path).metadata or {}).get(_MADE_FROM, b"{}")
    return dict(json.loads(found))


def ensure_empty_table(home: Home) -> None:
    """Gives the table a file of no rows where it has none, or one of another form, so that every model builds."""
    path = home.value_loss_scores / "month=1900-01-01" / "none.parquet"
    if not path.exists() or not pq.read_schema(path).equals(SCORES):
        _write(home, path, SCORES.empty_table())


def _write(home: Home, path: Path, table: pa.Table) -> None:
    write_atomically(path, home.ledger / ".drafts", lambda draft: pq.write_table(table, draft))
