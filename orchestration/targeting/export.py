"""From decided lists to their files: each list by itself, frozen in the ledger, whole or not at all.

What was decided, and how, is `run`'s; how a file looks and where it goes is for `files` and `destination`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.base import audit, machine, modes
from orchestration.base.billed import BilledMonths
from orchestration.base.errors import ListError, WarehouseError
from orchestration.base.files import replace_text
from orchestration.base.settings import Home
from orchestration.base.sql import identifier, literal
from orchestration.base.words import Message, words_of
from orchestration.catalog.tags import Catalog, CatalogError
from orchestration.engines.tables import Tables
from orchestration.targeting import decisions, ledger, matching
from orchestration.targeting.age import DataAge, data_age
from orchestration.targeting.definition import ALWAYS_EXPORTED, OF_LIST, SAID, TargetList
from orchestration.targeting.destination import FileError
from orchestration.targeting.file_title import FileTitle
from orchestration.targeting.files import ALWAYS_TEXT, Written, write_list
from orchestration.targeting.ledger import COUNTS, EXPORTED, FAILED, STEPS
from orchestration.targeting.plan import Plan, Rejected
from orchestration.targeting.said import MEANINGS, said, said_tags
from orchestration.targeting.templates import sql
from orchestration.targeting.wording import Worded, worded

MOST_PARTS = 1_000
"""Files into which a list is split, at most."""

FAULTS = (ListError, FileError, CatalogError, WarehouseError, duckdb.Error, OSError)
"""What makes one list fail; anything else is a fault of the program."""


@dataclass(frozen=True)
class ListRun:
    """What one run of a list came to. `waterfall` in subscribers: COUNTS, which add up; all 0 where `status` is not exported.
    `is_standing`: a run of the day before this one has exported the very same file, which stays the one."""

    name: str
    run_id: str
    run_date: date
    as_of: date
    publication: str
    status: str
    waterfall: dict[str, int]
    reason: str | None = None
    file: str | None = None
    sha256: str | None = None
    warnings: tuple[str, ...] = ()
    is_standing: bool = False

    @property
    def rows(self) -> int:
        return self.waterfall["exported"]


@dataclass
class DecidedRun:
    """Lists decided together. Their matches are in the table `decisions` of `tables.connection`; nothing is exported yet."""

    tables: Tables
    home: Home
    definitions: Mapping[str, TargetList]
    plan: Plan
    catalog: Catalog
    run_id: str
    run_date: date
    as_of: date
    publication: str
    shares: dict[str, float] = field(default_factory=dict)
    salts: dict[str, str | None] = field(default_factory=dict)
    age: DataAge | None = None
    billed: BilledMonths = field(default_factory=BilledMonths)
    warnings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    exported_by: str = ""
    exported: set[str] = field(default_factory=set)
    before: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The run of each list that stands for the run date already and has the same definition, as a row of the ledger."""
    stems: dict[str, str] = field(default_factory=dict)
    """Names of the lists' files, without their endings."""

    @property
    def names(self) -> tuple[str, ...]:
        """The lists of the run: those decided, in the order of precedence, and those quarantined."""
        return (*self.plan.decided, *self.plan.rejected)

    def status(self, name: str) -> str:
        """What a list that could not be exported is told as: refused or failed."""
        return self.plan.rejected[name].status if name in self.plan.rejected else FAILED

    def waterfall(self, name: str) -> dict[str, int]:
        """How many the list matches, how many each step leaves out, how many remain; the last add up to the first."""
        if name not in self.plan.decided:
            return dict.fromkeys(COUNTS, 0)
        return _waterfall(self.tables.connection, f"(select * from decisions where list_number = {self.plan.asked[name].number})")

    def balance(self, name: str) -> list[dict]:
        """How treated and control differ; see decisions.balance."""
        return decisions.balance(self.tables.connection, self.plan.asked[name].number)

    def export(self, name: str) -> ListRun:
        """Writes the list's file and its row in the ledger, that last of all; neither where a run of the day has exported the
        same. Raises ListError, naming the list, for one that was quarantined or fails; that, too, is written down, and
        counts nobody."""
        try:
            if name in self.plan.rejected:
                rejected = self.plan.rejected[name]
                self._record(name, rejected)
                raise ListError(rejected.said(name))
            if name in self.exported:
                english = "this run has exported it already; a new run may do it again"
                raise ListError(Message.of("exported_in_run", english))
            made = self._export(name)
            self.exported.add(name)
        except FAULTS as error:
            words = machine.describe(error, self.home.root) or words_of(error)
            reason = words.removeprefix(f"list {name}: ")
            if name not in self.plan.rejected:
                self._record(name, Rejected(FAILED, reason))
                self._clear(name)
            audit.record(self.home, "list_export", self._audited(name), result=self.status(name))
            of_list = Message.of(OF_LIST, "list {name}: {problem}", name=name, problem=words)
            raise ListError(words if reason != words else of_list) from error
        if not made.is_standing:
            audit.record(self.home, "list_export", self._audited(name), made.waterfall["exported"])
        return made

    def _clear(self, name: str) -> None:
        """Removes what was laid down for an export that did not come to be."""
        ledger.clear_leftovers(self.home)
        self._balance_file(name).unlink(missing_ok=True)

    def _audited(self, name: str) -> str:
        return f"list {name}, run {self.run_id}"

    def _export(self, name: str) -> ListRun:
        self._freeze(name)
        waterfall = self.create_rows(name)
        members = ledger.keep_members(self.home, self._row(self._run(name, EXPORTED, waterfall)), self._write_members)
        self._write_balance(name)
        written = self.write(name, waterfall, self.definitions[name].destination or self.folder)
        if not written.files:
            self._clear(name)
            return self._standing(name)
        said = {"file": written.files[0], "sha256": written.sha256, "warnings": self.warnings.get(name, ())}
        made = self._run(name, EXPORTED, waterfall, **said)
        ledger.record(self.home, self._row(made) | {"members_sha256": members})
        return made

    def _standing(self, name: str) -> ListRun:
        """The run of the day that has exported the list already."""
        row = self.before[name]
        return ListRun(
            name, row["run_id"], self.run_date, row["as_of_date"], row["publication"], EXPORTED,
            {step: row[step] for step in COUNTS}, file=row["file"], sha256=row["sha256"],
            warnings=tuple((row["warnings"] or "").splitlines()), is_standing=True,
        )  # fmt: skip

    def create_rows(self, name: str) -> dict[str, int]:
        """Makes `file_rows`, what the list's file is to hold, of the table `members` of the connection; gives their waterfall.

        Raises ListError where the rows are not as many as the members."""
        definition, connection = self.definitions[name], self.tables.connection
        waterfall = _waterfall(connection, "members")
        self.read_cells(name)
        connection.execute(sql("file_rows", columns=("subscriber_id", "phone", *definition.columns), said=self.said(name)))
        (rows,) = connection.execute("select count(*) from file_rows").fetchone()
        if rows != waterfall["exported"]:
            english = "{written:,} rows would be written, {expected:,} were decided; nothing is exported"
            raise ListError(Message.of("rows_differ", english, written=rows, expected=waterfall["exported"]))
        return waterfall

    def read_cells(self, name: str) -> None:
        """Brings to the connection what the list's file is made of: `cells` of those who match, and `offers`."""
        asked, tables = self.plan.asked[name], self.tables
        tags = said_tags(asked.definition, asked.conditions)
        cells = matching.cells_sql(asked, tables.relations, self.run_date, self.as_of, tags, tables.dialect)
        tables.read(cells, into="cells", lies_still=False)
        tables.read(sql("offers", tables.dialect, relations=tables.relations), into="offers")

    def said(self, name: str) -> dict[str, object]:
        """What templates are given for what the list says of each line."""
        return said(self.definitions[name], self.plan.asked[name].conditions, self.catalog, self.run_date)

    def write(self, name: str, waterfall: dict[str, int], destination: str | Path) -> Written:
        """Writes `file_rows` as the list's file, but where that stands already."""
        definition, connection = self.definitions[name], self.tables.connection
        shown = self._worded(definition)
        rows = sql("file_in_words", worded=shown) if shown else 'select * exclude ("position in file") from file_rows'
        headers = {one.name: one.header for one in shown}
        texts = (c for c in definition.columns if self.catalog.tag(c).data_type == "varchar")
        return write_list(
            connection,
            f'{rows} order by "position in file"',
            self.stems[name],
            definition.format,
            destination,
            self._title(definition, waterfall),
            (*ALWAYS_TEXT, *(headers.get(c, c) for c in texts)),
            scratch=self.folder,
            parts=self._parts(definition, rows),
            standing=self.before.get(name, {}).get("sha256"),
        )

    def _parts(self, definition: TargetList, rows: str) -> dict[str, str]:
        """The queries for the files by which the list is split, by what stands in their names. Raises ListError for too many."""
        if definition.split_by is None:
            return {}
        cell = identifier(definition.split_by)
        found = self.tables.connection.execute(f"select distinct {cell} from file_rows order by 1 nulls last").fetchall()
        if len(found) > MOST_PARTS:
            english = "split_by: {tag} has {parts:,} values here, and a list has at most {most:,} files"
            raise ListError(Message.of("too_many_parts", english, tag=definition.split_by, parts=len(found), most=MOST_PARTS))
        own = {value: "null" if value is None else literal(value) for (value,) in found}
        return {part_name(v): f'{rows} where {cell} is not distinct from {own[v]} order by "position in file"' for v in own}

    def _freeze(self, name: str) -> None:
        """Makes `members` of the list's decisions, suppressions read once more: one that became known meanwhile counts."""
        asked, connection = self.plan.asked[name], self.tables.connection
        definition = asked.definition
        suppressed = sql("suppressed", relations=self.tables.relations, channel=definition.channel, run_date=self.run_date)
        self.tables.read(suppressed, into="suppressed_now")
        connection.execute(
            sql(
                "members",
                list_number=asked.number,
                run_id=self.run_id,
                run_date=self.run_date,
                channel=definition.channel,
                kept=matching.KEPT,
            )
        )

    def _write_members(self, path: Path) -> None:
        kinds = {"date32[day]": "date", "int64": "bigint", "bool": "boolean"}
        columns = [f'"{f.name}"::{kinds.get(str(f.type), "varchar")} as "{f.name}"' for f in ledger.LIST_MEMBERS]
        rows = f"select {', '.join(columns)} from members order by position, subscriber_id"
        self.tables.connection.execute(f"copy ({rows}) to {literal(path)} (format parquet)")

    def _write_balance(self, name: str) -> None:
        """The report beside the manifest; a list that holds nobody back has none."""
        if self.salts[name] is None:
            return
        report = {"list": name, "run_id": self.run_id, "salt": self.salts[name], "control_share": self.shares[name]}
        path = self._balance_file(name)
        modes.make_folder(path.parent, "exports")
        text = json.dumps(report | {"balance": self.balance(name)}, indent=2, ensure_ascii=False) + "\n"
        replace_text(path, text, modes.file_mode("exports"))

    def without_file(self, name: str, status: str, reason: str) -> ListRun:
        """A run of the list that exported nothing, and why."""
        return self._run(name, status, dict.fromkeys(COUNTS, 0), reason=reason)

    def _run(self, name: str, status: str, waterfall: dict[str, int], **facts) -> ListRun:
        return ListRun(name, self.run_id, self.run_date, self.as_of, self.publication, status, waterfall, **facts)

    def _record(self, name: str, rejected: Rejected) -> None:
        ledger.record(self.home, self._row(self.without_file(name, rejected.status, rejected.reason)))

    def _row(self, run: ListRun) -> dict:
        return {
            "run_id": run.run_id,
            "list_name": run.name,
            "run_date": run.run_date,
            "as_of_date": run.as_of,
            "publication": run.publication,
            **self._defined(run.name),
            "salt": self.salts.get(run.name) if run.status == EXPORTED else None,
            "status": run.status,
            "reason": run.reason,
            **run.waterfall,
            "file": run.file,
            "sha256": run.sha256,
            "exported_at": datetime.now(UTC).replace(tzinfo=None),
            "exported_by": self.exported_by,
            "warnings": "\n".join(run.warnings) or None,
        }

    def _defined(self, name: str) -> dict:
        """What the row of a run keeps of the definition; nothing where the file is gone."""
        definition = self.definitions.get(name)
        if definition is None:
            return {}
        return {
            "definition_hash": definition.hash,
            "definition": definition.as_json(),
            "channel": definition.channel,
            "offer_code": definition.offer,
            "owner": definition.owner,
            "purpose": definition.purpose,
            "priority": definition.priority,
            "control_share": self.shares.get(name, definition.control_share),
        }

    def _title(self, definition: TargetList, waterfall: dict[str, int]) -> FileTitle:
        facts = {
            "channel": definition.channel,
            "owner": definition.owner,
            "purpose": " ".join(definition.purpose.split()),
            "offer": self._offer(definition),
            "script": {"en": definition.script_en, "zh": definition.script_zh},
            "send_back": ["list_name", "list_run_date"],
            "definition_hash": definition.hash,
            "publication": self.publication,
            "as_of": self.as_of.isoformat(),
            "run_id": self.run_id,
            "data_age_days": data_age(self.as_of, self.run_date),
            "money": str(self.billed),
            "warnings": list(self.warnings.get(definition.name, ())),
            "waterfall": waterfall,
        }
        shown = self._worded(definition)
        if shown:
            facts |= {"language": definition.language, "headers": {one.header: one.name for one in shown}}
        meanings = {one.header: one.meaning for one in shown} or self._meanings(definition)
        return FileTitle(definition.name, definition.title.en, definition.title.zh, self.run_date, meanings, facts)

    def _meanings(self, definition: TargetList) -> dict[str, str]:
        return {column: self.catalog.tag(column).description for column in definition.columns} | MEANINGS

    def _worded(self, definition: TargetList) -> list[Worded]:
        """The columns of the file in the list's language; none where it has no language, and columns keep their names."""
        columns = (*ALWAYS_EXPORTED, *definition.columns, *SAID)
        language = definition.language
        return worded(columns, self.catalog, language, self._meanings(definition)) if language else []

    def _offer(self, definition: TargetList) -> dict[str, str | None] | None:
        """What the manifest says of the offer that all lines are put; of `best` no more than that."""
        if definition.offer is None:
            return None
        if definition.takes_best:
            return {"code": definition.offer}
        found = self.tables.connection.execute(
            "select offer_name, offer_pay_amount::varchar from offers where offer_code = ?", [definition.offer]
        ).fetchone()
        name, amount = found or (None, None)
        return {"code": definition.offer, "name": name, "pay_amount": amount}

    def _balance_file(self, name: str) -> Path:
        return balance_file(self.home, self.run_date, self.stems[name])

    @property
    def folder(self) -> Path:
        return self.home.exports / f"{self.run_date}"


def part_name(value: str | None) -> str:
    """What stands in a file's name for a value: letters, digits and _ as they are, all else by its number, so that no two are
    one."""
    return "no.value" if value is None else re.sub(r"[^\w-]", lambda c: f"%{ord(c[0]):02X}", value)


def balance_file(home: Home, run_date: date, stem: str) -> Path:
    """Where the report on the two arms of a run lies, by the name of its file without ending; a list that holds nobody back has
    none."""
    return home.exports / f"{run_date}" / f"{stem}.balance.json"


def _waterfall(connection: duckdb.DuckDBPyConnection, members: str) -> dict[str, int]:
    counts = dict(connection.execute(f"select coalesce(reason, 'exported'), count(*) from {members} group by 1").fetchall())
    return {"matched": sum(counts.values()), **{step: counts.get(step, 0) for step in (*STEPS, "exported")}}
