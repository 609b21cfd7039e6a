"""Validates one delivery as a whole and stages what would enter: manifest, parts, rows across parts, shares and volumes.

Reads the delivery and writes into the workspace alone; lake and ledger are left to run.py.
"""

import logging
import os
import traceback
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.base import machine
from orchestration.base.contract import Table
from orchestration.base.files import sha256_of
from orchestration.intake import known, landing, missing, validate, warned
from orchestration.intake.engine import Engine
from orchestration.intake.erased import Erased, in_texts, said
from orchestration.intake.errors import TRIED_AGAIN, Empty, Rejected
from orchestration.intake.lake import Workspace
from orchestration.intake.landing import Folder, Listing
from orchestration.intake.limits import TableLimits
from orchestration.intake.part import Part, read_part
from orchestration.intake.profile import Profile, profile_name
from orchestration.intake.quarantine import Writer
from orchestration.intake.state import Accepted

_LOG = logging.getLogger(__name__)
_TOLD_FILES = 3
_EMPTY = (
    "{file}: an empty part file (0 bytes), as Spark writes for a part without rows; read as no rows. "
    "If it had rows, deliver it again"
)
CHANGED = f"changed while it was read. Write _SUCCESS last, and nothing after it. {TRIED_AGAIN}"


@dataclass(frozen=True)
class Rules:
    """What a delivery is checked against beside its contract.

    `references`: what rows must refer to; `unchecked`: referenced tables that have no delivery to look into; `register`: where
    lines are looked up that are no reference; `last`, `before`: the snapshot before, its rows and where it lies if missing ones
    are kept; `usual_rows`: of an append table's weekday. `profile`: how the source writes the table, or why that cannot be used;
    `erased`: persons whom it may hold still.
    """

    table: Table
    limits: TableLimits
    references: list[validate.Reference]
    unchecked: list[str]
    register: known.Register | None
    last: Accepted | None
    before: missing.Before | None
    usual_rows: float | None
    number_patterns: list[str]
    profile: Profile | Rejected | None = None
    erased: Erased | None = None


@dataclass
class Validation:
    """What was found. `reason` says why the delivery is rejected; None: its rows are in the workspace's raw folder.

    `files`: name, rows (None if not read), bytes, sha256 (None if not read) of each. `quarantined`: rows at fault, all of them in
    the quarantine file. `carried`: rows of the snapshot before that are in the raw folder too. `forgotten`: ids of erased
    persons, and what they are called.
    """

    files: list[dict[str, Any]]
    reason: str | None = None
    rows_read: int = 0
    deduplicated: int = 0
    quarantined: int = 0
    carried: int = 0
    closed_bill_months: list[date] = field(default_factory=list)
    facts: validate.Facts | None = None
    warnings: list[str] = field(default_factory=list)
    forgotten: dict[str, str] = field(default_factory=dict)


def validate_delivery(
    folder: Folder, listing: Listing, rules: Rules, workspace: Workspace, quarantine_file: Path, engine: Engine
) -> Validation:
    """Reads and validates the delivery; `listing` is how its files stood before.

    Whatever is wrong with the delivery is told in the validation, never raised. Raises OSError where the lake
    cannot be written.
    """
    files = [{"name": e.name, "rows": None, "bytes": e.size, "sha256": None} for e in listing.data]
    validation = Validation(files)
    quarantine = Writer(quarantine_file)
    try:
        _validate(folder, listing, rules, workspace, quarantine, validation, engine)
    except Rejected as rejection:
        validation.reason = str(rejection)
        if isinstance(rules.profile, Profile):
            validation.reason += f". It was {_read_by(rules.table, rules.profile)}"
    except OSError as error:
        # A copy that fails names the delivered file, whichever of the two is at fault; a full disk can only be the lake's.
        if error.errno in machine.FULL or not str(error.filename).startswith(f"{folder.path}{os.sep}"):
            raise
        validation.reason = f"{Path(error.filename).name}: cannot be read ({error.strerror}). {TRIED_AGAIN}"
    except MemoryError:
        raise
    except Exception as error:  # one delivery that intake does not understand must not hinder the others
        if machine.describe(error, workspace.path):
            raise
        engine.close()
        # Without the error's own text: it may quote a value.
        _LOG.error("intake failed on %s\n%s", folder.path, "".join(traceback.format_tb(error.__traceback__)))
        validation.reason = f"intake failed on it ({type(error).__name__}); the log says where. {TRIED_AGAIN}"
    finally:
        quarantine.close()
    if _has_changed(folder, listing):
        validation.reason = CHANGED
    if rules.erased:  # also of a delivery that was rejected before its rows were compared
        with engine.connect() as con:
            _forget_rejected(con, rules, quarantine_file, validation)
    validation.reason = said(validation.reason, validation.forgotten)
    validation.warnings = said(validation.warnings, validation.forgotten)
    return validation


def _has_changed(folder: Folder, listing: Listing) -> bool:
    try:
        return landing.listing(folder.path) != listing
    except OSError:
        return not listing.problem  # that it could not be read is told already


def _validate(
    folder: Folder,
    listing: Listing,
    rules: Rules,
    workspace: Workspace,
    quarantine: Writer,
    validation: Validation,
    engine: Engine,
) -> None:
    if listing.problem:
        raise Rejected(listing.problem)
    if isinstance(rules.profile, Rejected):
        raise rules.profile
    manifest = landing.read_manifest(folder.path / landing.SUCCESS) if listing.success else landing.Manifest()
    validation.closed_bill_months = list(manifest.closed_bill_months)
    parts = _read_parts(folder, rules.table, rules.profile, manifest.files, workspace, quarantine, validation)
    rows_read = sum(part.rows_read for part in parts)
    with engine.connect() as con:
        _forget(con, rules, parts, validation)
        removed = validate.remove_rows(con, rules.table, parts, rules.references, quarantine)
        quarantine.close()
        _forget_rejected(con, rules, quarantine.path, validation)
        validation.rows_read, validation.deduplicated, validation.quarantined = rows_read, removed.deduplicated, quarantine.rows
        accepted = rows_read - removed.deduplicated - quarantine.rows
        _check_shares(rules, rows_read, quarantine, accepted)
        written = _write_parts(parts, removed, workspace)
        found = _content_warnings(con, rules, written)
        if rules.before is not None:
            carried = workspace.raw / missing.CARRIED
            lacks = missing.keep(
                con, rules.table, rules.before, written, rules.references, quarantine.path, manifest.removals_confirmed, carried
            )
            found += _missing_warnings(rules, lacks, manifest.removals_confirmed)
            validation.carried = lacks.kept
            written += [carried] if lacks.kept else []
        validation.facts = validate.facts_of(con, rules.table, written, rules.number_patterns)
    if validation.facts.rows != accepted + validation.carried:
        raise AssertionError(f"{validation.facts.rows} rows written, {accepted} accepted, {validation.carried} carried")
    validation.warnings = [_read_by(rules.table, rules.profile)] if rules.profile else []
    validation.warnings += [_EMPTY.format(file=f["name"]) for f in validation.files if f["name"] not in {p.name for p in parts}]
    validation.warnings += [f"{part.name}: {warning}" for part in parts for warning in part.warnings]
    validation.warnings += _rejected_rows_warnings(folder, rows_read, quarantine) + _volume_warnings(rules, accepted) + found
    validation.warnings += _number_warnings(validation.facts)


def _forget(con: duckdb.DuckDBPyConnection, rules: Rules, parts: list[Part], validation: Validation) -> None:
    """Has the staged parts forget erased persons, before anything is compared: the lake knows them by their new names alone."""
    if rules.erased:
        for part in parts:
            validation.forgotten |= in_texts(rules.erased.forget(con, rules.table, part.staged))


def _forget_rejected(con: duckdb.DuckDBPyConnection, rules: Rules, quarantined: Path, validation: Validation) -> None:
    if rules.erased:
        validation.forgotten |= in_texts(rules.erased.forget_rejected(con, rules.table, quarantined))


def _read_by(table: Table, profile: Profile) -> str:
    return f"read by profile {profile_name(table.name)}: {profile.described() or 'it changes nothing'}"


def _read_parts(
    folder: Folder,
    table: Table,
    profile: Profile | None,
    manifest: dict[str, Any] | None,
    workspace: Workspace,
    quarantine: Writer,
    validation: Validation,
) -> list[Part]:
    """The files as parts, without those that have not a byte. Raises Rejected with what is wrong with all of them."""
    names = [file["name"] for file in validation.files]
    landing.check_manifest_files(manifest, names)
    for file in validation.files:  # before anything is read: a file that came damaged is told as that
        try:
            file["sha256"] = sha256_of(folder.path / file["name"])
        except OSError as error:
            raise Rejected(f"{file['name']}: cannot be read ({error.strerror}). {TRIED_AGAIN}") from error
        landing.check_manifest_of_file(manifest, file["name"], sha256=file["sha256"])
    parts, empty, faults = [], [], []
    for number, file in enumerate(validation.files):
        staged = workspace.scratch / f"{number:06d}.parquet"
        try:
            part = read_part(folder.path / file["name"], table, staged, quarantine, profile)
            file["rows"] = part.rows_read
            parts.append(part)
        except Empty as error:
            empty.append(str(error))
            file["rows"] = 0
        except Rejected as error:
            faults.append(str(error))
            continue
        try:
            landing.check_manifest_of_file(manifest, file["name"], rows=file["rows"])
        except Rejected as error:
            faults.append(str(error))
    if faults or not parts:
        told = faults or empty
        rest = told[_TOLD_FILES:]
        more = [f"And {len(rest)} more files"] if rest else []
        again = [TRIED_AGAIN] if any(TRIED_AGAIN in text for text in rest) else []
        raise Rejected(". ".join([*told[:_TOLD_FILES], *more, *again]))
    return parts


def _check_shares(rules: Rules, rows_read: int, quarantine: Writer, accepted: int) -> None:
    limits, last, quarantined = rules.limits, rules.last, quarantine.rows
    if quarantined > _exactly(limits.max_set_aside_share, rows_read):
        raise Rejected(
            f"{quarantined:,} of {rows_read:,} rows quarantined ({quarantined / rows_read:.1%}), "
            f"more than {_percent(limits.max_set_aside_share)}. The first: {quarantine.first}. {_by_kind(quarantine)}"
            f"Fix them at the source and deliver again"
        )
    if last is not None and accepted < _exactly(limits.min_snapshot_ratio, last.rows):
        raise Rejected(
            f"{accepted:,} rows, under {_percent(limits.min_snapshot_ratio)} of the {last.rows:,} of dt={last.dt}. "
            f"Deliver it whole; if it did shrink, lower min_snapshot_ratio of {rules.table.name} in seeds/intake_limits.csv"
        )


def _by_kind(quarantine: Writer) -> str:
    """The other kinds of faults, where there are any: they can be corrected in one round."""
    return f"Other kinds: {quarantine.described(but_first=True)}. " if len(quarantine.kinds) > 1 else ""


def _exactly(limit: float, rows: float) -> Decimal:
    """A limit of so many rows in decimal arithmetic: 0.29 of 100 rows is 29, so that a value equal to its limit passes."""
    return Decimal(str(limit)) * Decimal(str(rows))


def _percent(limit: float) -> str:
    return f"{limit * 100:g} %"


def _volume_warnings(rules: Rules, accepted: int) -> list[str]:
    limits, last, usual = rules.limits, rules.last, rules.usual_rows
    warnings = []
    if last is not None and last.rows and accepted > _exactly(limits.warn_snapshot_ratio, last.rows):
        warnings.append(f"{accepted:,} rows, over {_percent(limits.warn_snapshot_ratio)} of the {last.rows:,} of dt={last.dt}")
    if usual is not None and accepted < _exactly(limits.min_append_ratio, usual):
        warnings.append(f"{accepted:,} rows, under {_percent(limits.min_append_ratio)} of the weekday's usual {usual:,.0f}")
    if usual is not None and accepted > _exactly(limits.max_append_ratio, usual):
        warnings.append(f"{accepted:,} rows, over {_percent(limits.max_append_ratio)} of the weekday's usual {usual:,.0f}")
    return warnings


def _rejected_rows_warnings(folder: Folder, rows_read: int, quarantine: Writer) -> list[str]:
    if not quarantine.rows:
        return []
    return [
        f"{quarantine.rows:,} of {rows_read:,} rows quarantined. The first: {quarantine.first}. "
        f"For all of them: telco360 intake show {folder.table} {folder.dt}"
    ]


def _content_warnings(con: duckdb.DuckDBPyConnection, rules: Rules, written: list[Path]) -> list[str]:
    """What accepted rows are warned of. Raises Rejected where more of them than the limit are of lines that nobody knows."""
    warnings = [f"not checked against {name}: none of its deliveries that could tell is accepted" for name in rules.unchecked]
    warnings += warned.warnings_of(con, rules.table, written)
    if rules.register is None or (unknown := known.unknown_lines(con, rules.table, written, rules.register)) is None:
        return warnings
    if _is_over(rules.limits, unknown.rows, unknown.share, rules.limits.max_unknown_share):
        raise Rejected(
            f"{_unknown_counted(rules.table, unknown)} are of lines that crm_subscribers dt={unknown.register_dt} does not know, "
            f"more than {_percent(rules.limits.max_unknown_share)}. {known.why_unknown(con, written, rules.register)}. "
            f"Write subscriber_id as crm_subscribers does and deliver again. {TRIED_AGAIN}"
        )
    ids = ", ".join(unknown.ids)
    return [*warnings, f"{unknown.rows:,} rows of subscribers that crm_subscribers does not know ({ids}); kept"]


def _unknown_counted(table: Table, unknown: known.Unknown) -> str:
    rows = f"{unknown.rows:,} of {unknown.all_rows:,} rows"
    return f"{rows} and {unknown.money:,} of {unknown.all_money:,} of {table.money}" if table.money else rows


def _missing_warnings(rules: Rules, lacks: missing.Missing, is_confirmed: bool) -> list[str]:
    """What is told of rows that a snapshot lacks. Raises Rejected where they are more than the limit, and nobody confirms it."""
    has_left = bool(rules.table.keep_missing and rules.table.keep_missing.left)
    on_net = f", {lacks.counted:,} of them on-net" if has_left else ""
    which = f"{lacks.newly:,} rows of dt={lacks.dt} are missing{on_net} ({'; '.join(lacks.keys)})"
    confirm = f'write {{"{landing.CONFIRMED}": true}} into _SUCCESS'
    share = lacks.counted / lacks.all_counted if lacks.all_counted else 0.0
    if not is_confirmed and _is_over(rules.limits, lacks.counted, share, rules.limits.max_missing_share):
        raise Rejected(
            f"{which}: {share:.1%} of the {lacks.all_counted:,}{' on-net' if has_left else ''} rows, more than "
            f"{_percent(rules.limits.max_missing_share)}. Deliver it whole; if they were removed on purpose, {confirm}"
        )
    warnings = []
    if lacks.rejected:
        keys = "; ".join(lacks.rejected_keys)
        warnings.append(f"{lacks.rejected:,} rows that are quarantined here keep their last values, of dt={lacks.dt} ({keys})")
    if is_confirmed and lacks.newly + lacks.for_long:
        stay = (
            f"; {lacks.kept_confirmed:,} of them stay for past figures, without personal values" if lacks.kept_confirmed else ""
        )
        warnings.append(f"{lacks.newly + lacks.for_long:,} rows of dt={lacks.dt} are removed, as _SUCCESS confirms{stay}")
    elif lacks.newly:
        warnings.append(f"{which}; their last values are kept. Deliver them again; if they were removed on purpose, {confirm}")
    if not is_confirmed and lacks.for_long:
        warnings.append(f"{lacks.for_long:,} rows that were missing before dt={lacks.dt} already are kept")
    return warnings


def _is_over(limits: TableLimits, rows: int, share: float, limit: float) -> bool:
    return rows >= limits.min_concerned_rows and Decimal(str(share)) > Decimal(str(limit))


def _number_warnings(facts: validate.Facts) -> list[str]:
    if not facts.odd_numbers:
        return []
    return [f"{facts.odd_numbers:,} rows whose msisdn fits no pattern of seeds/msisdn_patterns.csv; kept, never exported"]


def _write_parts(parts: list[Part], removed: validate.Removed, workspace: Workspace) -> list[Path]:
    """Moves staged parts to the workspace's raw folder, leaving out removed rows; a part that keeps all is moved as it is."""
    workspace.raw.mkdir()
    written = []
    for number, part in enumerate(parts):
        target = workspace.raw / f"part-{number}.parquet"
        rows = removed.rows_of(number)
        if len(rows):
            _copy_without(part.staged, target, rows)
        else:
            part.staged.rename(target)
        written.append(target)
    return written


def _copy_without(source: Path, target: Path, rows: np.ndarray) -> None:
    with pq.ParquetFile(source) as file, pq.ParquetWriter(target, file.schema_arrow, compression="zstd") as writer:
        keep = np.ones(file.metadata.num_rows, bool)
        keep[rows] = False
        start = 0
        for batch in file.iter_batches(262_144):
            writer.write_batch(batch.filter(pa.array(keep[start : start + len(batch)])))
            start += len(batch)
