"""Numbers in public columns: whose they are, how many are coincidence, and what a message shows of them."""

import duckdb
import pytest

from orchestration.base.contract import Column, Table
from orchestration.quality.limits import load_release_limits
from orchestration.quality.privacy import (
    FEW,
    FIRST_ROWS,
    Looks,
    Match,
    _within,
    column_verdict,
    create_identifiers,
    looks_of,
    masked,
    suspects,
    verdict,
)

LIMITS = load_release_limits()
CONTRACT = {
    "crm_customers": Table(
        "crm_customers", "crm", "snapshot", True, ("customer_id",), None,
        (
            Column("customer_id", "string"),
            Column("full_name", "string", pii=True, pii_kind="name"),
            Column("id_document_number", "string", pii=True, pii_kind="document"),
        ),
    ),
    "crm_subscribers": Table(
        "crm_subscribers", "crm", "snapshot", True, ("subscriber_id",), None,
        (
            Column("subscriber_id", "string"),
            Column("customer_id", "string"),
            Column("msisdn", "string", pii=True, pii_kind="phone"),
        ),
    ),
    "channel_phone_suppressions": Table(
        "channel_phone_suppressions", "channel", "snapshot", False, ("msisdn", "channel"), None,
        (Column("msisdn", "string", pii=True, pii_kind="phone"), Column("channel", "string")),
    ),
}  # fmt: skip


@pytest.fixture
def found(tmp_path):
    """Calls column_verdict on a public table of (subscriber_id, value) rows, beside the given phones and documents."""

    def call(rows, phones=(), customers=(), suppressed=(), owners=("subscriber_id",)):
        with duckdb.connect() as db:
            for table, columns, held in (
                ("crm_subscribers", "subscriber_id, customer_id, msisdn", phones),
                ("crm_customers", "customer_id, full_name, id_document_number", customers),
                ("channel_phone_suppressions", "msisdn, channel", suppressed),
            ):
                if held:
                    folder = tmp_path / table / "dt=2026-03-01"
                    folder.mkdir(parents=True)
                    values = ", ".join(str(row) for row in held)
                    db.execute(f"copy (from (values {values}) as t({columns})) to '{folder}/part-0.parquet' (format parquet)")
            looks = create_identifiers(db, tmp_path, CONTRACT, LIMITS)
            db.execute(f"create table public as from (values {', '.join(map(str, rows))}) as t(subscriber_id, value)")
            return column_verdict(db, "public", "value", owners, LIMITS, looks)

    return call


def test_a_phone_of_eight_digits_is_found_where_the_row_is_its_own(found):
    own = found([("S1", "call 61234567"), ("S2", "none")], phones=[("S1", "K1", "61234567")])
    assert (own.found, own.by_chance) == (1, 0)
    assert own.detail == "For example 612***67, the msisdn of crm_subscribers dt=2026-03-01 of subscriber_id S1"


def test_the_same_eight_digits_of_another_line_are_a_coincidence_up_to_a_limit(found):
    phones = [(f"S{n}", "K1", f"6123456{n}") for n in range(8)]
    rows = [(f"T{n}", f"6123456{n}") for n in range(8)]
    few = found(rows[: LIMITS.max_chance_matches], phones)
    assert (few.found, few.by_chance, few.most_by_chance) == (0, 5, 5)


def test_more_of_them_are_none(found):
    phones = [(f"S{n}", "K1", f"6123456{n}") for n in range(8)]
    many = found([(f"T{n}", f"6123456{n}") for n in range(8)], phones)
    assert many.by_chance == 8 > many.most_by_chance


def test_a_long_number_of_another_line_is_no_coincidence(found):
    assert found([("S2", "13800138000")], phones=[("S1", "K1", "13800138000")]).found == 1


@pytest.mark.parametrize("value", ["138 0013-8000", "Tel13800138000", "电话13800138000", "+13800138000", "x,13800138000,y"])
def test_a_number_is_found_however_it_is_written(found, value):
    assert found([("S1", value)], phones=[("S1", "K1", "13800138000")]).found == 1


@pytest.mark.parametrize("value", ["113800138000", "138001380001", "1380013800"])
def test_another_number_that_holds_it_or_a_part_of_it_is_another(found, value):
    assert found([("S2", value)], phones=[("S1", "K1", "13800138000")]).found == 0


def test_digits_in_names_are_nobodys_number(found):
    customers = [("C00000001", "客户00000001", "51010219800101123X"), ("C2", "ACME 10020030", "")]
    assert found([("S1", "C00000001"), ("S2", "10020030")], customers=customers).found == 0


def test_a_phone_of_nobody_in_the_register_is_found(found):
    got = found([("S1", "call 13800138000")], suppressed=[("13800138000", "sms")])
    assert got.found == 1
    assert got.detail == "For example 138******00, the msisdn of channel_phone_suppressions dt=2026-03-01"


def test_of_several_who_have_a_number_the_line_of_the_row_is_named(found):
    got = found(
        [("S1", "13800138000")], [("S9", "K9", "13800138000"), ("S1", "K1", "13800138000")], suppressed=[("13800138000", "sms")]
    )
    assert got.detail.endswith("the msisdn of crm_subscribers dt=2026-03-01 of subscriber_id S1")


def test_a_document_number_that_ends_in_a_letter_is_found(found):
    assert found([("S1", "id 51010219800101123x")], customers=[("C1", "李雷", "51010219800101123X")]).found == 1


def test_one_character_all_through_is_no_number(found):
    assert found([("S1", "00000000000")], phones=[("S1", "K1", "00000000000")]).found == 0


@pytest.mark.parametrize(("number", "outcome"), [("61234567", (0, 1)), ("13800138000", (1, 0))])
def test_a_table_that_names_no_owner_tells_long_numbers_alone(found, number, outcome):
    got = found([("S1", number)], phones=[("S1", "K1", number)], owners=())
    assert (got.found, got.by_chance) == outcome


def test_the_larger_of_number_and_share_is_the_limit_of_coincidence():
    match = Match("61234567", "61234567", "msisdn", "subscriber_id S1", False)
    assert verdict([match], 100, LIMITS).most_by_chance == LIMITS.max_chance_matches
    assert verdict([match], 1_000_000, LIMITS).most_by_chance == 1000
    assert verdict([], 10, LIMITS).detail == ""


def test_an_example_shows_the_ends_alone():
    assert masked("13800138000") == "138******00"


NUMBERS = [
    "13800138000", "61234567", "02861234567", "8613800138000", "51010219800101123X", "1234567X", "ID100000", "SE1234567",
    "E12345678", "0A0A0A0A0A", "86ABCDEFGH", "护照A1234567", "ÄB1234567", "9" * 99, "9" * 100, "7" * 150,
]  # fmt: skip


def written(number):
    """A number as people write it, and near to it what is none."""
    spread = f" ({number[:3]}) {number[3:6]}-{number[6:]}"
    yield from (number, number.lower(), spread, spread.lower())
    yield from (f"86{number}", f"+86 {number}", f"0086{number}", f"00 86-{spread}")
    yield from (f"call {number} now", f"电话{number}。", f"x{number}X", f"1{number}", f"{number}1", number[:-1], number[1:])
    yield from (number.replace("I", "ı"), number.replace("S", "ſ"), f"{number}\n{number}", f"{number} {number}", "8 6" + number)


@pytest.mark.parametrize("searched", [*([number] for number in NUMBERS), NUMBERS, []])
def test_whatever_holds_a_number_looks_like_it(searched):
    """What looks otherwise is not taken apart: of no value that holds a number may that be said."""
    with duckdb.connect() as db:
        db.execute("create table identifiers (number varchar, source varchar, owner_column varchar, owner varchar)")
        for number in searched:
            db.execute("insert into identifiers values (?, '', '', '')", [number])
        db.execute("create table given (value varchar)")
        for value in {value for number in NUMBERS for value in written(number)} | {"", " ", "gold"}:
            db.execute("insert into given values (?)", [value])
        looks = looks_of(db)
        holding = {value for (value,) in db.execute(f"select value from ({_within('given', LIMITS)})").fetchall()}
        looking = {value for (value,) in db.execute(f"select value from given where {looks.of_text('value')}").fetchall()}
    assert holding <= looking
    assert holding >= set(searched)
    assert {"gold", "", " "}.isdisjoint(looking)


def test_ids_of_another_length_or_beginning_are_not_taken_apart():
    looks = Looks(digits=(11, 17), firsts=("E",), least=9)
    others = ["S000000001", "AC000000001234", "101234567890", "20260301123456", "C12345678", "E1234567", "in 2026: 12.45, 67.10"]
    alike = ["10123456789", "S10123456789", "1012345678901", "E12345678", "e-12345678", "51010219800101123x"]
    with duckdb.connect() as db:
        for value in others + alike:
            (told,) = db.execute(f"select {looks.of_text('value')} from (select ? as value)", [value]).fetchone()
            assert told is (value in alike), value
        assert db.execute(f"select {looks.of_text('value')} from (select null::varchar as value)").fetchone() == (False,)


def test_upper_makes_a_letter_of_ascii_of_no_other_letters_than_are_looked_for():
    with duckdb.connect() as db:
        query = """select chr(n::integer) from range(1, 1114112) as r(n)
            where n not between 55296 and 57343 and unicode(upper(chr(n::integer))) < 128 and n > 127"""
        assert {letter for (letter,) in db.execute(query).fetchall()} == {"ı", "ſ"}


@pytest.mark.parametrize("kind", ["BIGINT", "HUGEINT", "UBIGINT"])
def test_a_number_column_is_looked_at_by_how_many_digits_it_has(kind):
    looks = Looks(digits=(8, 11))
    with duckdb.connect() as db:
        for value, told in (("10000000", True), ("9999999", False), ("13800138000", True), ("0", False), ("null", False)):
            for sign in ("", "-") if kind != "UBIGINT" and value != "null" else ("",):
                query = f"select {looks.of_column('value', kind)} from (select {sign}{value}::{kind} as value)"
                assert db.execute(query).fetchone() == (told,), (sign, value)
        assert Looks(firsts=("E",), least=8).of_column("value", kind) == "false"
        longest = Looks(digits=(60,)).of_column("value", kind)
        assert db.execute(f"select {longest} from (select 9223372036854775807::{kind} as value)").fetchone() == (False,)


@pytest.mark.parametrize("different", [FEW - 1, FEW * 2])
def test_columns_are_suspected_by_one_value_be_theirs_few_or_many(different):
    """Of few values each is looked at, of many each cell; a value beyond the rows that tell which counts as well."""
    with duckdb.connect() as db:
        db.execute(
            f"""create table made as select 'id' || n % {different} as id,
                case when n = {FIRST_ROWS} + 5 then 'call 13800138000' else 'said ' || n % {different} end as remark,
                case when n = {FIRST_ROWS} + 5 then 13800138000 else n % {different} end as figure,
                ['x', case when n = {FIRST_ROWS} + 5 then '13800138000' end] as listed,
                {{'a': 'said ' || n % {different}}} as held
                from range({FIRST_ROWS} + 10) as r(n)"""
        )
        types = {name: kind for name, kind, *_ in db.execute("describe made").fetchall()}
        assert suspects(db, "made", types, Looks(digits=(11,))) == ["remark", "figure", "listed"]
        assert suspects(db, "made", {}, Looks(digits=(11,))) == suspects(db, "made", types, Looks()) == []
        db.execute("delete from made")
        assert suspects(db, "made", types, Looks(digits=(11,))) == []
