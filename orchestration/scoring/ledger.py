"""What scoring writes into the lake for dbt to read back by glob: scores, segments, cards and checks of models. Forms, writing
and reading; nothing else.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.base.files import write_atomically
from orchestration.base.settings import Home
from orchestration.scoring.purposes import PURPOSES, Purpose
from orchestration.scoring.reasons import COLUMNS

_MADE_FROM = b"telco360.made_from"
_WORDS = [(name, pa.string()) for name in COLUMNS]


@dataclass(frozen=True)
class Table:
    """A table of the ledger: its folder, which holds a folder a month or files alone, and the form of its rows; see the source of
    that name in models/staging/ledger/."""

    name: str
    form: pa.Schema
    is_monthly: bool = True

    def file(self, home: Home, month: date, name: str) -> Path:
        folder = home.ledger / self.name
        return (folder / f"month={month}" if self.is_monthly else folder) / f"{name}.parquet"


def _form(**columns: pa.DataType) -> pa.Schema:
    return pa.schema(list(columns.items()))


WARNINGS = Table(
    "value_loss_scores",
    pa.schema(
        [
            ("subscriber_id", pa.string()),
            ("month", pa.date32()),
            ("probability", pa.float64()),
            *_WORDS,
            ("model_version", pa.string()),
        ]
    ),
)
"""Chances with reasons: one row a line and month scored."""

SCORES = Table(
    "line_scores",
    _form(
        purpose=pa.string(),
        subscriber_id=pa.string(),
        month=pa.date32(),
        place=pa.int32(),
        item=pa.string(),
        probability=pa.float64(),
        model_version=pa.string(),
    ),
)
"""All other scores: one row a purpose, line, month and place; `item` is what the place is of."""

SEGMENTS = Table(
    "line_segments",
    _form(
        month=pa.date32(),
        segment=pa.string(),
        profile_en=pa.string(),
        profile_zh=pa.string(),
        lines=pa.int64(),
        stayed=pa.int64(),
        came=pa.int64(),
        model_version=pa.string(),
    ),
)
"""The segments of a month: one row each."""

UPLIFTS = Table(
    "offer_uplifts",
    _form(
        offer_code=pa.string(),
        subscriber_id=pa.string(),
        month=pa.date32(),
        uplift=pa.float64(),
        model_version=pa.string(),
    ),
)
"""What asking changes: one row an offer whose uplift was learnt, line and month scored."""

_FIGURES: dict[str, pa.DataType] = dict.fromkeys(
    ("auc", "average_precision", "lift_5", "lift_10", "lift_20", "brier", "worst_gap"), pa.float64()
)

CARDS = Table(
    "scoring_cards",
    _form(
        purpose=pa.string(),
        model_version=pa.string(),
        status=pa.string(),
        is_pinned=pa.bool_(),
        trained_for=pa.date32(),
        first_month=pa.date32(),
        last_month=pa.date32(),
        calibration_month=pa.date32(),
        test_month=pa.date32(),
        rows_learnt=pa.int64(),
        positive_learnt=pa.int64(),
        rows_tested=pa.int64(),
        positive_tested=pa.int64(),
        most_rows=pa.int64(),
        features=pa.string(),
        left_out=pa.string(),
        learner=pa.string(),
        **_FIGURES,
        right_share=pa.float64(),
        silhouette=pa.float64(),
        moved_share=pa.float64(),
        challenged=pa.string(),
        standard_errors_better=pa.float64(),
    ),
    is_monthly=False,
)
"""One row a model."""

CHECKS = Table(
    "scoring_checks",
    _form(
        purpose=pa.string(),
        model_version=pa.string(),
        month=pa.date32(),
        kind=pa.string(),
        part=pa.string(),
        scores=pa.int64(),
        positive=pa.int64(),
        mean_probability=pa.float64(),
        came_true_share=pa.float64(),
        **{name: kind for name, kind in _FIGURES.items() if name != "worst_gap"},
        psi=pa.float64(),
    ),
)
"""One row a purpose, month scored, kind of part and part; files of their own for drift and for what became of the lines."""

TABLES = (WARNINGS, SCORES, SEGMENTS, UPLIFTS, CARDS, CHECKS)
_NEVER = date(1900, 1, 1)
"""The month of files of no rows."""


def scores_file(home: Home, month: date, purpose: Purpose = PURPOSES[0]) -> Path:
    """Where the scores of a month lie."""
    return WARNINGS.file(home, month, "scores") if purpose.has_reasons else SCORES.file(home, month, purpose.name)


def scored_months(home: Home, purpose: Purpose) -> list[date]:
    """The months that have scores, the earliest first."""
    table = WARNINGS if purpose.has_reasons else SCORES
    name = scores_file(home, _NEVER, purpose).name
    return sorted(date.fromisoformat(path.parent.name[-10:]) for path in (home.ledger / table.name).glob(f"month=*/{name}"))


def write_scores(home: Home, month: date, purpose: Purpose, scores: Iterable[pd.DataFrame], made_from: Mapping[str, str]) -> None:
    """Writes the scores of a month in place of those it had. `made_from`: what they depend on."""
    write_frames(home, scores_file(home, month, purpose), WARNINGS if purpose.has_reasons else SCORES, scores, made_from)


def write_frames(home: Home, path: Path, table: Table, frames: Iterable[pd.DataFrame], made_from: Mapping[str, str]) -> None:
    """Writes a file of a table in place of the one there, frame after frame: no more than one is held."""
    form = table.form.with_metadata(_told(made_from))

    def written(draft: Path) -> None:
        with pq.ParquetWriter(draft, form) as file:
            for frame in frames:
                file.write_table(pa.Table.from_pandas(frame, schema=form, preserve_index=False))

    write_atomically(path, home.ledger / ".drafts", written)


def write(home: Home, path: Path, table: Table, rows: pd.DataFrame, made_from: Mapping[str, str] | None = None) -> None:
    """Writes a file of a table in place of the one there, where it says anything new."""
    found = pa.Table.from_pandas(rows, schema=table.form, preserve_index=False)
    is_same = path.exists() and made_from_of(path) == dict(made_from or {}) and pq.ParquetFile(path).read().equals(found)
    if not is_same:
        _write(home, path, found.replace_schema_metadata(_told(made_from or {})))


def read(path: Path, columns: list[str] | None = None) -> pd.DataFrame:
    """The rows of a file, or of these columns those that it has; those that hold no row without one."""
    # A path of its own: the folder's name would be read as a column.
    return pq.ParquetFile(path).read(columns).to_pandas()


def made_from(home: Home, month: date, purpose: Purpose = PURPOSES[0]) -> dict[str, str]:
    """What the scores of a month were made from; empty where it has none."""
    return made_from_of(scores_file(home, month, purpose))


def made_from_of(path: Path) -> dict[str, str]:
    """The same of any file of the ledger."""
    if not path.exists():
        return {}
    found = (pq.read_schema(path).metadata or {}).get(_MADE_FROM, b"{}")
    return dict(json.loads(found))


def cards_file(home: Home) -> Path:
    """Where the cards of all models lie."""
    return CARDS.file(home, _NEVER, "cards")


def ensure_empty_tables(home: Home) -> None:
    """Gives each table a file of no rows where it has none, or one of another form, so that every model builds."""
    for table in TABLES:
        path = table.file(home, _NEVER, "none")
        if not path.exists() or not pq.read_schema(path).equals(table.form):
            _write(home, path, table.form.empty_table())


def _told(made_from: Mapping[str, str]) -> dict[bytes, bytes]:
    return {_MADE_FROM: json.dumps(dict(made_from), sort_keys=True).encode()}


def _write(home: Home, path: Path, table: pa.Table) -> None:
    write_atomically(path, home.ledger / ".drafts", lambda draft: pq.write_table(table, draft))
