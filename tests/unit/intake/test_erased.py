"""Ids in texts and rows: which are taken for a person's, and which are any number."""

import pyarrow as pa
import pytest

from orchestration.base.contract import load_contract
from orchestration.intake.erased import CUSTOMER, LINE, forgotten, merged, person_columns, reworded, words

CONTRACT = load_contract()


@pytest.mark.parametrize(
    ("text", "known", "expected"),
    [
        ("of L1, L10 and xL1", {"L1": "E"}, "of E, L10 and xL1"),
        ("(L1) L1-a L1_b L1", {"L1": "E"}, "(E) L1-a L1_b E"),
        ("行L1，", {"L1": "E"}, "行E，"),
        ('"rows": 12, subscriber_id=12, of subscriber_id 12', {"12": "E"}, '"rows": 12, subscriber_id=E, of subscriber_id E'),
        ("19900000704 and 199000007041", {"19900000704": "E"}, "E and 199000007041"),
        ("a.b and a+b", {"a.b": "E"}, "E and a+b"),
        ("L1", {}, "L1"),
    ],
)
def test_ids_are_called_otherwise_as_words(text, known, expected):
    assert words(text, known) == expected


def test_a_line_and_a_customer_of_one_id_are_two():
    table = CONTRACT["crm_subscribers"]
    batch = pa.RecordBatch.from_pydict(
        {"subscriber_id": ["1", "2"], "customer_id": ["2", "1"], "account_id": ["a", "b"], "msisdn": ["138", "139"]}
    )
    assert forgotten(batch, table, {LINE: {"1": "E"}, CUSTOMER: {}}).to_pydict() == {
        "subscriber_id": ["E", "2"], "customer_id": ["2", "1"], "account_id": [None, "b"], "msisdn": [None, "139"],
    }  # fmt: skip
    assert forgotten(batch, table, {LINE: {}, CUSTOMER: {"1": "E"}}).to_pydict() == {
        "subscriber_id": ["1", "2"], "customer_id": ["2", "E"], "account_id": ["a", "b"], "msisdn": ["138", "139"],
    }  # fmt: skip


def test_the_other_end_of_a_call_is_renamed_and_keeps_the_row():
    table = CONTRACT["billing_call_pairs"]
    assert person_columns(table) == {"subscriber_id": LINE, "peer_subscriber_id": LINE}
    batch = pa.RecordBatch.from_pydict({"subscriber_id": ["L1", "L2"], "peer_subscriber_id": ["L2", "L1"], "calls": [1, 2]})
    assert forgotten(batch, table, {LINE: {"L1": "E"}, CUSTOMER: {}}).to_pydict() == {
        "subscriber_id": ["E", "L2"], "peer_subscriber_id": ["L2", "E"], "calls": [1, 2],
    }  # fmt: skip


def test_texts_are_reworded_within_lists_and_codes_that_equal_an_id_stay():
    batch = pa.RecordBatch.from_pydict(
        {"subscriber_id": ["1", None], "offer_code": ["1", "1"], "warnings": [["of subscriber_id 1"], None]}
    )
    assert reworded(batch, {LINE: {"1": "E"}, CUSTOMER: {}}).to_pydict() == {
        "subscriber_id": ["E", None], "offer_code": ["1", "1"], "warnings": [["of subscriber_id E"], None],
    }  # fmt: skip


def test_ids_of_several_columns_are_merged_by_kind():
    assert merged({LINE: {"1": "a"}}, {LINE: {"2": "b"}, CUSTOMER: {"1": "c"}}) == {
        LINE: {"1": "a", "2": "b"},
        CUSTOMER: {"1": "c"},
    }
