"""A made build of a few rows, and the models that describe it: for tests of what happens after dbt."""

from datetime import date

import duckdb

from orchestration.base import settings
from orchestration.base.contract import Column, Table
from orchestration.warehouse.build import Stamp
from orchestration.warehouse.candidate import approve, make_candidate
from orchestration.warehouse.manifest import Model
from orchestration.warehouse.publishing import publish

STAMP = Stamp(as_of="2026-03-01", code="c0de", stale={})
PHONE = "13800138000"

CONTRACT = {
    "crm_subscribers": Table(
        name="crm_subscribers",
        system="crm",
        delivery="snapshot",
        required=True,
        key=("subscriber_id",),
        event_time=None,
        columns=(Column("subscriber_id", "string", nullable=False), Column("msisdn", "string", pii=True)),
    )
}

MODELS = (
    Model("dim_people", "core", "dim_people", "People.", {"person_id": "Who."}, {"public": True, "never_empty": True}),
    Model("tags_basic", "tags", "tags_basic", "Tags.", {"person_id": "Who.", "tier": "Tier."}, {"public": True}),
    Model("tag_history", "tags", "tag_history", "Past.", {"remark": "Said."}, {"public": True, "published_as": "view"}),
    Model("tag_catalog", "tags", "tag_catalog", "Catalogue.", {}, {"public": True, "serves": "tag_catalog"}),
    Model("reconciliation", "core", "reconciliation", "", {}, {"public": True, "serves": "reconciliation"}),
    Model("int_phones", "private", "int_phones", "", {}, {"serves": "phones"}),
)

BUILD = """
create schema core; create schema tags;
create table core.dim_people as
    select 'p' || n as person_id, n % 3 as grade, n * 1.5::decimal(12,2) as amount, 'said ' || n as remark from range(30) as r(n);
create table tags.tags_basic as
    select person_id, case grade when 0 then 'gold' when 1 then 'mass' end as tier, substr(person_id, 2)::integer as points
    from telco360_public.core.dim_people;
create view tags.tag_history as select tags.person_id, people.remark from telco360_public.core.dim_people as people
    inner join telco360_public.tags.tags_basic as tags on people.person_id = tags.person_id;
create table tags.tag_catalog as
    select 'tier' as tag_name, 'tags.tags_basic' as table_name, '["gold", "mass"]' as allowed_values, null::double as least,
        null::double as greatest
    union all select 'points', 'tags.tags_basic', null, 0, 29
    union all select 'person_id', 'tags.tags_basic', null, null, null;
create table core.reconciliation (
    check_name varchar, raw_value decimal(18,2), mart_value decimal(18,2), unallocated_value decimal(18,2),
    residual decimal(18,2)
);
insert into core.reconciliation values ('charges', 95491.18, 95491.18, 0, 0);
"""

PRIVATE = f"create schema private; create table private.int_phones as select 'p1' as person_id, '{PHONE}' as msisdn"


def made_home(root, *changes: str) -> settings.Home:
    """A home with a made build, its public tables changed by the given SQL statements, and a lake with one phone."""
    home = settings.Home(root)
    home.warehouse.mkdir(parents=True, exist_ok=True)
    for path in (home.build_database, home.public_database):
        path.unlink(missing_ok=True)
    delivery = home.raw / "crm_subscribers" / "dt=2026-03-01"
    delivery.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(home.build_database)) as db:
        db.execute(PRIVATE)
    with duckdb.connect(str(home.public_database)) as db:
        db.execute(BUILD)
        for change in changes:
            db.execute(change)
        phones = f"select 'p1' as subscriber_id, '{PHONE}' as msisdn"
        db.execute(f"copy ({phones}) to '{delivery}/part-0.parquet' (format parquet)")
    return home


def made_candidate(home: settings.Home, stamp: Stamp = STAMP, models=MODELS, deliveries=None):
    """Makes a candidate of the made build."""
    return make_candidate(home, models, stamp, deliveries or {"crm_subscribers": [date(2026, 3, 1)]})


def made_version(home: settings.Home, stamp: Stamp = STAMP):
    """Publishes a version of the made build, as though the release checks had passed it."""
    made_candidate(home, stamp)
    approve(home)
    return publish(home)
