"""The hidden state of the synthetic operator, for tests of models and of uplift. It is never part of a delivery.

One row a line of the register at the last day:

- subscriber_id
- monthly_hazard: chance to leave in the month after the last complete one; null for lines off-net
- leaves_on: day it left or, up to three months after the last day, will leave; shows_signs: whether it shows that before
- monthly_level: yuan a month it tends to be billed; loyalty, pull: standard scores; life_stage
- community_id, is_hub: its community, whether all of it talk to this line
- is_bad_outlet: sold by an outlet whose lines nobody uses
- is_responder: a retention contact keeps it; is_holdout: never contacted; retention_contacts: times on the retention list
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

from sample.block import names
from sample.delivery import SampleError
from sample.lifelines import NO_SIGNS, Lifelines, Retention
from sample.population import STAGES, Population
from sample.settings import NEVER

WRITERS = {".parquet": pq.write_table, ".csv": arrow_csv.write_csv}


def check(path: Path, landing: Path) -> None:
    """Raises SampleError where the truth may not be written to `path`."""
    if path.suffix not in WRITERS:
        raise SampleError(f"{path}: the truth is written as {' or '.join(WRITERS)}; name such a file")
    if path.resolve().is_relative_to(landing.resolve()):
        raise SampleError(f"{path}: lies within landing; the truth is no delivery, name a file elsewhere")


def write(path: Path, people: Population, lives: Lifelines, retention: Retention) -> None:
    """Writes the truth of all lines, as Parquet or CSV after the file's suffix."""
    contacts = np.zeros(len(people), np.int64)
    for lines in retention.lines:
        contacts[lines] += 1
    table = pa.table(
        {
            "subscriber_id": names("L", people.line, 9),
            "monthly_hazard": pa.array(lives.hazard, mask=np.isnan(lives.hazard)),
            "leaves_on": pa.array(lives.churned, mask=lives.churned == NEVER).cast(pa.date32()),
            "shows_signs": lives.signs != NO_SIGNS,
            "monthly_level": people.level,
            "loyalty": people.loyalty,
            "pull": people.pull,
            "life_stage": pa.array(STAGES).take(pa.array(people.stage)),
            "community_id": people.community,
            "is_hub": people.hub == people.line,
            "is_bad_outlet": people.is_bad_outlet,
            "is_responder": people.is_responder,
            "is_holdout": people.is_holdout,
            "retention_contacts": contacts,
        }
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    WRITERS[path.suffix](table, path)
