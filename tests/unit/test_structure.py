"""The house holds its shape: what may read what, how things are called, and that every figure says what it is.

Read from dbt's manifest, so that a new model is held to it without a line here.
"""

import json
import re
from pathlib import Path

import pytest

from orchestration.base.contract import load_contract
from orchestration.base.settings import PROJECT_DIR, TARGET_LISTS
from orchestration.pipeline.scoring import READ as LEARNT_FROM
from orchestration.scoring.ledger import TABLES
from orchestration.targeting.exposures import PAGE, exposures
from orchestration.targeting.folder import load_definitions
from orchestration.warehouse.dbt import SCORES
from orchestration.warehouse.figures import NAMED
from orchestration.warehouse.manifest import AS_OF, load_models, require_serving
from reference import readers

EDGES = {
    "source": set(),
    "seed": set(),
    "staging": {"source", "seed", "staging"},
    "intermediate": {"staging", "ledger", "intermediate", "seed"},
    "core": {"staging", "ledger", "intermediate", "core", "seed"},
    "value": {"intermediate", "core", "value", "seed"},
    "churn": {"intermediate", "core", "churn", "seed"},
    "service": {"intermediate", "core", "service", "seed"},
    "scoring": {"ledger", "intermediate", "core", "value", "churn", "service", "scoring", "seed"},
    "tags": {"core", "value", "churn", "service", "scoring", "tags", "seed"},
    "marketing": {"ledger", "core", "value", "churn", "service", "scoring", "tags", "marketing", "seed"},
}
NAMES = {
    "staging": r"stg_[a-z]+__[a-z_]+",
    "intermediate": r"int_[a-z]+__[a-z_]+",
    "tags": r"tags_[a-z]+|(subscriber|customer)_360|(outlet|manager|plan)_tags"
    r"|tag_(catalog|sources|coverage|drift|changes|history)",
}
NUMBERS_OF_NO_SEED = re.compile(
    r"-100 to 100|0 to (1|10|23|100)\b|0-1|1 to 12|1至12月"  # scales
    r"|\b[2-5][gG]\b|5G|360°|SHA-256|9999-12-31|100 x "  # names, and what SQL fixes
    r"| [-+] 1\b|\b1 [-+] |(counting as |计|[Ff]rom )[01]\b|\b1 (goes )?first"  # counting
    r"|\b0 (in|on|for|where)\b|(counts|above|is) 0\b"  # nothing
    r"|[a-z]+(_[a-z0-9]+)+"  # columns
)
"""Numbers that a description may hold beside those of its column's name, such as 7d: no seed has them."""

NUMBER = re.compile(r"[0-9]|\b(half|twice|two thirds)\b(?! a year)|一半|[两三]倍")


CONSOLE = PROJECT_DIR / "orchestration" / "console"


@pytest.fixture(scope="module")
def models(manifest) -> list[dict]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def room(node: dict) -> str:
    """The room of a node: its kind, or the folder of the layer or subject that a model stands in."""
    if node["resource_type"] != "model":
        return node["resource_type"]
    layer, *rest = Path(node["original_file_path"]).parts[1:]
    return rest[0] if layer == "marts" else layer


def layer_of(node: dict) -> str:
    """staging, intermediate or marts."""
    return Path(node["original_file_path"]).parts[1]


def room_as_read(node: dict) -> str:
    """The room by which others read it: staging of the ledger, what telco360 itself wrote down, is open to more than raw is."""
    return "ledger" if node["original_file_path"].startswith("models/staging/ledger/") and room(node) == "staging" else room(node)


def test_data_flows_one_way(manifest, models):
    nodes = manifest["nodes"] | manifest["sources"]
    wrong = [
        f"{node['name']} ({room(node)}) reads {nodes[parent]['name']} ({room_as_read(nodes[parent])})"
        for node in models
        for parent in node["depends_on"]["nodes"]
        if room_as_read(nodes[parent]) not in EDGES[room(node)]
    ]
    assert wrong == []


def test_staging_reads_its_own_raw_table_and_no_other_staging_model(manifest, models):
    for node in models:
        if room(node) == "staging":
            parents = [p.split(".") for p in node["depends_on"]["nodes"]]
            assert not [p for p in parents if p[0] == "model"], node["name"]
            assert len({p[-1] for p in parents if p[0] == "source"} - {"intake", "restrictions"}) <= 1, node["name"]


def test_every_raw_table_has_a_staging_model(models):
    staged = {node["name"] for node in models}
    assert {f"stg_{t.system}__{t.name.removeprefix(t.system + '_')}" for t in load_contract().values()} <= staged


def test_names_tell_the_layer(models):
    for node in models:
        pattern = NAMES.get(room(node), r"(dim|fct)_[a-z_]+|[a-z][a-z_0-9]*")
        assert re.fullmatch(pattern, node["name"]), node["name"]
        assert node["schema"] in (room(node), "private"), node["name"]
        if room(node) in ("staging", "intermediate"):
            folder = Path(node["original_file_path"]).parent.name
            assert node["name"].split("_")[1] == folder, f"{node['name']} stands in {folder}"


def test_every_model_declares_its_grain_and_tests_it(manifest, models):
    tested = {
        node["attached_node"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and node["test_metadata"] and node["test_metadata"]["name"] == "unique_grain"
    }
    for node in models:
        assert node["config"]["meta"].get("grain"), f"{node['name']} declares no grain"
        assert node["unique_id"] in tested, f"{node['name']} has no unique_grain test"


def arguments_of(manifest: dict, name: str) -> dict[str, dict]:
    """Arguments of the generic data tests of that name, by the model that they look at."""
    found = (n for n in manifest["nodes"].values() if n["resource_type"] == "test" and n["test_metadata"])
    return {n["attached_node"]: n["test_metadata"]["kwargs"] for n in found if n["test_metadata"]["name"] == name}


def raw_columns(manifest: dict, node: dict) -> dict[str, list]:
    """Columns of the contract, by raw table, that a model of core bears by the same name and takes from staging itself."""
    contract = load_contract()
    staging = [manifest["nodes"][p] for p in node["depends_on"]["nodes"] if p.startswith("model.") and ".stg_" in p]
    tables = {p.split(".")[-1] for s in staging for p in s["depends_on"]["nodes"] if p.split(".")[-1] in contract}
    return {name: [c for c in contract[name].columns if c.name in node["columns"]] for name in tables}


def test_core_is_held_to_the_closed_values_and_references_of_the_contract(manifest, models):
    values, references = arguments_of(manifest, "contract_values"), arguments_of(manifest, "contract_references")
    for node in models:
        for table, columns in raw_columns(manifest, node).items() if room(node) == "core" else ():
            if any(column.values for column in columns):
                assert values.get(node["unique_id"], {}).get("raw_table") == table, f"{node['name']}: no contract_values"
            refer = {column.name for column in columns if column.references}
            assert refer <= set(references.get(node["unique_id"], {}).get("to", ())), f"{node['name']}: no contract_references"


def test_what_is_published_is_public_and_every_model_has_a_group(manifest, models):
    for node in models:
        assert (node["access"] == "public") == bool(node["config"]["meta"].get("public")), node["name"]
        assert node["group"], node["name"]
    assert all(group["owner"]["name"] for group in manifest["groups"].values())


def test_what_scores_are_learnt_from_reads_none_and_what_reads_them_is_built_whole(manifest):
    written = {key for key, source in manifest["sources"].items() if SCORES in source["tags"]}
    assert {manifest["sources"][key]["name"] for key in written} == {table.name for table in TABLES}
    readers, new = set(written), set(written)
    while new:
        new = {child for key in new for child in manifest["child_map"].get(key, ())} - readers
        readers |= new
    built = {manifest["nodes"][key]["name"]: manifest["nodes"][key] for key in readers if key.startswith("model.")}
    assert not built.keys() & {require_serving(load_models(manifest), role).name for role in LEARNT_FROM}
    # It is built after the step that notes how a build was begun and ended.
    assert {node["config"]["materialized"] for node in built.values()} == {"table", "view"}


def test_lists_stand_as_exposures(manifest):
    known = load_models(manifest)
    text = exposures(load_definitions(TARGET_LISTS), lambda role: require_serving(known, role).name)
    assert PAGE.read_text(encoding="utf-8") == text, "run `telco360 lists exposures`"


def test_the_console_and_the_site_stand_as_exposures(manifest):
    text = readers.exposures(load_models(manifest), *readers.console_code())
    assert readers.PAGE.read_text(encoding="utf-8") == text, "run `.venv/bin/python -m reference.readers`"


def test_every_public_table_and_column_is_described(models):
    tags = {column for node in models if room(node) == "tags" for column in node["columns"]}
    for node in models:
        if node["config"]["meta"].get("public"):
            assert node["description"], node["name"]
            for column in node["columns"].values():
                assert column["description"].strip(), f"{node['name']}.{column['name']}"
                assert column["data_type"], f"{node['name']}.{column['name']}"
            # What joins the families, or keeps their months, adds no column; every other mart is held to its own by contract.
            if node["columns"] or node["config"]["meta"].get("serves") not in ("tag_values", "tag_history"):
                assert node["config"]["contract"]["enforced"], node["name"]
                assert node["columns"], node["name"]
    assert tags


def test_every_mart_says_which_date_or_month_it_stands_for(models):
    for node in (n for n in models if layer_of(n) == "marts"):
        stands_for = node["config"]["meta"].get("as_of")
        assert stands_for in AS_OF, f"{node['name']}: config.meta.as_of is {stands_for}; it is one of {', '.join(AS_OF)}"
        assert node["description"].strip().endswith(AS_OF[stands_for]), f"{node['name']}: its description ends otherwise"
        for column in node["columns"].values():
            own = column["config"].get("meta", {}).get("as_of")
            assert own is None or (own in AS_OF and own != stands_for), f"{node['name']}.{column['name']}: as_of {own}"


def told(parsed) -> list[tuple[str, str, str]]:
    """Node, column and text of every description of marts, also in Chinese, as written: figures are named, not yet shown."""
    found = []
    for node in json.loads(parsed.read_text(encoding="utf-8"))["nodes"].values():
        if node["resource_type"] == "model" and layer_of(node) == "marts":
            found.append((node["name"], "", node["description"]))
            for column in node["columns"].values():
                chinese = (column["config"].get("meta", {}).get("tag") or {}).get("description_zh", "")
                found += [(node["name"], column["name"], text) for text in (column["description"], chinese)]
    return found


def other_numbers(column: str, text: str) -> str | None:
    """The first number that a description holds itself, though it may be a seed's."""
    rest = NUMBERS_OF_NO_SEED.sub("", NAMED.sub("", text))
    for number in re.findall(r"_(\d+)[dm]?$", column):
        rest = re.sub(rf"(?<!\d){number}(?!\d)", "", rest)
    found = NUMBER.search(rest)
    return found and found[0]


def test_no_description_repeats_a_number_that_a_seed_holds(parsed):
    texts = told(parsed)
    named = [name for *_, text in texts for name in NAMED.findall(text)]
    assert len(named) > 50
    found = {f"{model}.{column}": text for model, column, text in texts if other_numbers(column, text)}
    assert found == {}, "name the figure, as in {churn_rules.second_topup_day}"


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("has_alert_low_balance", "Balance under 10."),
        ("tenure_30_probability", "Probability that the line reaches 30 months, 0 to 1."),
        ("purchase_type", "repeat (2 to 3), one_time (1)"),
        ("contacts_7d", "Outbound contacts of the 7 days, 2 at most."),
        ("is_data_overage", "More data than the plan includes: data_saturation over 1."),
        ("is_high_churn_plan", "At least twice the operator's."),
        ("is_high_churn_plan", "不低于全网两倍"),
    ],
)
def test_a_number_of_its_own_in_a_description_is_found(column, text):
    assert other_numbers(column, text)


def test_every_source_column_is_described_in_other_words_than_its_name(manifest):
    for source in manifest["sources"].values():
        assert source["description"], source["name"]
        for column in source["columns"].values():
            text = column["description"].strip()
            assert text.endswith((".", "?", "...")), f"{source['name']}.{column['name']}: {text or 'not described'}"
            assert set(re.findall("[a-z]+", text.lower())) - set(column["name"].split("_")), f"{source['name']}.{column['name']}"


def test_no_personal_column_beyond_staging(models):
    personal = {column.name for table in load_contract().values() for column in table.columns if column.pii}
    for node in models:
        words = set(re.findall(r"[a-z_]+", re.sub(r"--.*", "", node["raw_code"])))
        if room(node) != "staging":
            assert not words & personal, f"{node['name']} names {words & personal}"


def test_no_public_column_is_of_128_bits(manifest):
    """DuckDB's sums of whole numbers are, which ODBC tools cannot read. A contract holds a column to its type."""
    public = [n for n in manifest["nodes"].values() if n["resource_type"] == "model" and n["config"]["meta"].get("public")]
    for node in public:
        wide = [c["name"] for c in node["columns"].values() if "hugeint" in (c.get("data_type") or "").lower()]
        assert not wide, (node["name"], wide)


def test_python_names_no_model(models):
    roles = {node["config"]["meta"].get("serves") for node in models}  # a role that dbt's meta gives may share its model's name
    names = {node["name"] for node in models if "_" in node["name"]} - roles
    for path in (PROJECT_DIR / "orchestration").rglob("*.py"):
        if CONSOLE not in path.parents:  # which reads published tables by their names, as an analyst does
            found = set(re.findall(r"[a-z0-9_]+", path.read_text(encoding="utf-8"))) & names
            assert not found, f"{path.name} names {found}"


def test_the_console_reads_published_tables_alone(models):
    public = {f"{node['schema']}.{node['alias']}" for node in models if node["config"]["meta"].get("public")}
    schemas = {relation.split(".")[0] for relation in public}
    named = {
        relation
        for path in CONSOLE.rglob("*.py")
        for relation in re.findall(r"\b(?:from|join) ([a-z_]+\.[a-z0-9_]+)", path.read_text(encoding="utf-8"))
        if not relation.startswith("orchestration.")
    }
    assert named and {relation for relation in named if relation.split(".")[0] in schemas} <= public


def test_models_stay_small(models):
    for node in models:
        assert node["raw_code"].count("\n") <= 130, node["name"]


def test_portable_sql_outside_macros(models):
    engine_only = re.compile(r"\b(arg_max|arg_min|list_\w+|regexp_matches|strftime|date_diff|unnest|epoch)\s*\(|\* exclude|::")
    for node in models:
        sql = re.sub(r"--.*", "", node["raw_code"])
        assert not engine_only.search(sql), f"{node['name']}: {engine_only.search(sql).group()}"


def test_fee_classes_are_those_of_the_contract():
    macro = (PROJECT_DIR / "macros" / "fee_classes.sql").read_text(encoding="utf-8")
    assert re.findall(r"'(\w+)'", macro) == list(load_contract()["billing_fee_codes"].column("fee_class").values)


def test_test_modules_have_names_of_their_own():
    # pytest imports them by base name: of two of one name it collects whichever it meets first and fails on the other.
    names = [page.name for page in (PROJECT_DIR / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))
