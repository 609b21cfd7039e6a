"""Digests of persons: the same in Python as in DuckDB, another by another key or for another kind."""

import hashlib
import hmac

import duckdb
import pytest

from orchestration.base.keys import Keys

KEYS = Keys({"k1": bytes(range(32)), "k2": bytes(32)}, "k2")


@pytest.mark.parametrize("value", ["L000000704", "", "C'1", "行1", "x" * 200])
@pytest.mark.parametrize("key_id", ["k1", "k2"])
def test_a_digest_is_hmac_sha256_in_python_and_in_sql(value, key_id):
    expected = hmac.new(KEYS.by_id[key_id], f"subscriber_id:{value}".encode(), hashlib.sha256).hexdigest()
    assert KEYS.digest("subscriber_id", value, key_id) == expected
    query = f"select {KEYS.sql('subscriber_id', 'value', key_id)} from (values (?)) as given(value)"
    assert duckdb.execute(query, [value]).fetchone() == (expected,)


def test_the_last_key_is_used_and_kinds_are_told_apart():
    assert KEYS.digest("subscriber_id", "1") == KEYS.digest("subscriber_id", "1", "k2") != KEYS.digest("subscriber_id", "1", "k1")
    assert KEYS.digest("subscriber_id", "1") != KEYS.digest("customer_id", "1")
