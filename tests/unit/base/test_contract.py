"""The raw contract as the sources files state it, and sources files that state it wrongly."""

import pytest

from orchestration.base.contract import ContractError, load_contract

CONTRACT = load_contract()

SOURCES = """
sources:
  - name: crm
    tables:
      - name: crm_things
        config: {{meta: {meta}}}
        columns:
          - {{name: thing_id, data_type: {type}, config: {{meta: {{nullable: false}}}}}}
          - {{name: seen_at, data_type: timestamp}}
"""


def test_all_tables_of_three_systems_are_there():
    assert len(CONTRACT) == 31
    assert {t.system for t in CONTRACT.values()} == {"crm", "billing", "channel"}
    assert {t.name for t in CONTRACT.values() if t.required} == {
        "crm_customers", "crm_subscribers", "crm_tariff_subscriptions", "billing_charges", "billing_usage_daily",
    }  # fmt: skip


@pytest.mark.parametrize("table", CONTRACT.values(), ids=lambda t: t.name)
def test_a_table_is_named_by_its_system_and_its_keys_must_have_values(table):
    assert table.name.startswith(f"{table.system}_")
    assert not any(table.column(name).nullable for name in table.key)


@pytest.mark.parametrize("table", CONTRACT.values(), ids=lambda t: t.name)
def test_references_lead_to_a_column_that_alone_is_a_key(table):
    for column in table.columns:
        if column.references:
            referenced, key = column.references
            assert CONTRACT[referenced].key == (key,)
            assert CONTRACT[referenced].column(key).data_type == column.data_type


def test_a_column_carries_what_the_contract_says_of_it():
    charges, subscribers = CONTRACT["billing_charges"], CONTRACT["crm_subscribers"]
    assert (charges.delivery, charges.event_time, charges.key) == (
        "append",
        "bill_month",
        ("subscriber_id", "bill_month", "fee_code"),
    )
    assert charges.column("amount").data_type == "decimal(12,2)"
    assert subscribers.column("msisdn").pii
    assert not subscribers.column("subscriber_id").pii
    assert subscribers.column("payment_type").values == ("prepaid", "postpaid")
    assert subscribers.column("customer_id").references == ("crm_customers", "customer_id")
    assert {c.name for t in CONTRACT.values() for c in t.columns if c.pii} == {
        "full_name", "birth_date", "id_document_number", "msisdn", "manager_name",
    }  # fmt: skip


def test_a_personal_column_says_what_it_holds_and_names_are_no_identifiers():
    kinds = {c.name: c.pii_kind for t in CONTRACT.values() for c in t.columns if c.pii}
    assert kinds == {
        "full_name": "name", "birth_date": "birth_date", "id_document_number": "document", "msisdn": "phone",
        "manager_name": "name",
    }  # fmt: skip
    assert {c.name for t in CONTRACT.values() for c in t.identifiers} == {"id_document_number", "msisdn"}


@pytest.mark.parametrize(("pii", "kind"), [("true", "other"), ("phone", "phone"), ("false", ""), ("fon", None)])
def test_personal_without_a_kind_is_searched_for_all_the_same(tmp_path, pii, kind):
    path = tmp_path / "models" / "staging" / "crm" / "_crm__sources.yml"
    path.parent.mkdir(parents=True)
    text = SOURCES.format(meta="{delivery: snapshot, key: [thing_id]}", type="string")
    path.write_text(text.replace("nullable: false", f"pii: {pii}"), encoding="utf-8")
    if kind is None:
        with pytest.raises(ContractError, match="column thing_id: pii must be one of phone, document, name"):
            load_contract(tmp_path)
        return
    column = load_contract(tmp_path)["crm_things"].column("thing_id")
    assert (column.pii, column.pii_kind) == (bool(kind), kind)
    assert bool(load_contract(tmp_path)["crm_things"].identifiers) == bool(kind)


def test_an_optional_column_may_be_null(tmp_path):
    path = tmp_path / "models" / "staging" / "crm" / "_crm__sources.yml"
    path.parent.mkdir(parents=True)
    text = SOURCES.format(meta="{delivery: snapshot, key: [thing_id]}", type="string")
    seen_at = "seen_at, data_type: timestamp"
    path.write_text(text.replace(seen_at, f"{seen_at}, config: {{meta: {{optional: true}}}}"), encoding="utf-8")
    assert [c.is_optional for c in load_contract(tmp_path)["crm_things"].columns] == [False, True]
    load_contract.cache_clear()
    path.write_text(text.replace("nullable: false", "nullable: false, optional: true"), encoding="utf-8")
    with pytest.raises(ContractError, match="column thing_id: optional is for columns that may be null"):
        load_contract(tmp_path)


def test_an_unknown_column_is_a_key_error():
    with pytest.raises(KeyError):
        CONTRACT["billing_charges"].column("amuont")


@pytest.mark.parametrize(
    ("meta", "data_type", "told"),
    [
        ("{delivery: snapshot}", "string", "key must name columns"),
        ("{delivery: snapshot, key: [id]}", "string", "key must name columns"),
        ("{delivery: weekly, key: [thing_id]}", "string", "delivery must be snapshot or append"),
        ("{delivery: append, key: [thing_id]}", "string", "have an event_time"),
        ("{delivery: snapshot, key: [thing_id], event_time: seen_at}", "string", "have an event_time"),
        ("{delivery: append, key: [thing_id], event_time: at}", "string", "event_time must name a column"),
        ("{delivery: snapshot, key: [thing_id]}", "text", "column thing_id: unknown data_type 'text'"),
    ],
)
def test_a_table_stated_wrongly_is_refused_by_name(tmp_path, meta, data_type, told):
    path = tmp_path / "models" / "staging" / "crm" / "_crm__sources.yml"
    path.parent.mkdir(parents=True)
    path.write_text(SOURCES.format(meta=meta, type=data_type), encoding="utf-8")
    with pytest.raises(ContractError, match=f"_crm__sources.yml: table crm_things: .*{told}"):
        load_contract(tmp_path)
