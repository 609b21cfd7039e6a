"""What can be proved of all tags without a row of data: bands leave no gap and no overlap, no personal column reaches a tag."""

import re
from itertools import pairwise

import pytest

from orchestration.base.contract import load_contract
from orchestration.base.settings import PROJECT_DIR
from orchestration.catalog.written import written
from orchestration.warehouse.manifest import load_models
from orchestration.warehouse.seeds import read_seed

BELOW_IS_NULL = {"vip_levels", "purchase_types"}
"""Bands that begin above nothing on purpose: below the first, their tags are null or say so otherwise."""

READ_AND_LEFT = {"stg_crm__customers": {"birth_date"}}
"""The personal columns that staging reads to make something else of them: an age band and a month of birth."""


@pytest.fixture(scope="module")
def entries(manifest):
    return written(load_models(manifest))


def test_bands_are_exclusive_and_exhaustive(entries):
    by_name = {(entry.entity, entry.name): entry for entry in entries}
    cut = {entry.values_from: entry for entry in entries if entry.values_from}
    assert len(cut) >= 9
    for seed, entry in cut.items():
        rows = read_seed(PROJECT_DIR / "seeds" / f"{seed}.csv")
        bounds = sorted(float(row["lower_bound"] or "-inf") for row in rows)
        assert all(one < other for one, other in pairwise(bounds)), f"{seed}: a bound stands twice"
        assert len({row["band"] for row in rows}) == len(rows), f"{seed}: a band stands twice"
        if bounds[0] > float("-inf"):
            least = float(by_name[entry.entity, entry.measure].least or "-inf")
            assert seed in BELOW_IS_NULL or least == bounds[0], f"{seed}: nothing below {bounds[0]}, {entry.measure} may be less"


def test_no_personal_column_reaches_a_tag(manifest, entries):
    personal = {column.name for table in load_contract().values() for column in table.columns if column.pii}
    models = {id: node for id, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    waiting = [id for id, node in models.items() if node["name"] in {entry.model for entry in entries}]
    behind: set[str] = set()
    while waiting:
        id = waiting.pop()
        if id in models and id not in behind:
            behind.add(id)
            waiting += models[id]["depends_on"]["nodes"]
    read = {}
    for node in (models[id] for id in behind):
        words = set(re.findall(r"[a-z_]+", re.sub(r"--.*", "", node["raw_code"]))) & personal
        if words:
            read[node["name"]] = words
        if words and node["name"] in READ_AND_LEFT:
            given = node["raw_code"].split("renamed as (")[1]
            names = set(re.findall(r"\bas ([a-z_]+)\s*,?\s*$", given, re.MULTILINE)) | set(re.findall(r"aged\.([a-z_]+),", given))
            assert not names & personal and not re.search(r"\*", given.split("from aged")[0]), node["name"]
    assert read == READ_AND_LEFT
    assert all(node["name"] != "stg_crm__subscriber_phones" for node in (models[id] for id in behind))
    assert len(behind) > 60
