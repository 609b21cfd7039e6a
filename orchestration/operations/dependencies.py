"""The packages that requirements.lock names: licences, a bill of materials (CycloneDX), whether one is known to be unsafe.

What a package is, its own installed metadata says; the lock says which ones there are.
"""

import json
import os
import re
import urllib.request
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from orchestration.base.errors import Telco360Error
from orchestration.base.settings import PROJECT_DIR

LOCK = PROJECT_DIR / "requirements.lock"
PAGE = PROJECT_DIR / "docs" / "dependencies.md"
DATABASE = "TELCO360_VULNERABILITY_DATABASE"
_DATABASE = "https://api.osv.dev"
_SECONDS = 20
_PINNED = re.compile(r"^([A-Za-z0-9][^\\\n]*==[^\\\n]+)", re.MULTILINE)
_LONGEST = 60  # characters: longer ones are the text of a licence, not its name


class DependencyError(Telco360Error, RuntimeError):
    """Packages that cannot be told of, or a database that does not answer; the text says what to do."""


@dataclass(frozen=True)
class Package:
    """A package of the lock. `is_expression`: its licence is an SPDX expression; `needs`: names of those that it requires."""

    name: str
    version: str
    licence: str
    is_expression: bool
    needs: tuple[str, ...]

    @property
    def purl(self) -> str:
        return f"pkg:pypi/{self.name}@{self.version}"


def packages(lock: Path = LOCK) -> list[Package]:
    """The packages of the lock for this Python and system, by name.

    Raises DependencyError where one is not installed in the version that it names.
    """
    pinned = pins(lock.read_text(encoding="utf-8"))
    found, wrong = [], []
    for name, version in sorted(pinned.items()):
        try:
            known = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{name} is not installed")
            continue
        if known.version != version:
            wrong.append(f"{name} is installed as {known.version}, not {version}")
            continue
        found.append(Package(name, version, *licence(known.metadata), needs(known.requires or (), set(pinned))))
    if wrong:
        raise DependencyError(f"{lock.name}: {'; '.join(wrong)}. `make setup` installs what it names")
    return found


def pins(text: str) -> dict[str, str]:
    """Versions by name that a lock names for this Python and system. Pure."""
    named = [Requirement(line.strip()) for line in _PINNED.findall(text)]
    here = [one for one in named if one.marker is None or one.marker.evaluate()]
    return {canonicalize_name(one.name): str(one.specifier).removeprefix("==") for one in here}


def licence(said: Any) -> tuple[str, bool]:
    """What a package's metadata says of its licence, and whether that is an SPDX expression. Pure."""
    if expression := said.get("License-Expression"):
        return expression, True
    classes = [c.rpartition(" :: ")[2] for c in said.get_all("Classifier") or () if c.startswith("License :: ")]
    text = (said.get("License") or "").strip().split("\n")[0]
    named = text if 0 < len(text) <= _LONGEST else ""
    return next((one for one in (", ".join(c for c in classes if c != "OSI Approved"), named) if one), "not told"), False


def needs(requires: Iterable[str], known: set[str]) -> tuple[str, ...]:
    """Names of the lock among what a package requires here, without its extras. Pure."""
    wanted = map(Requirement, requires)
    here = (one for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""}))
    return tuple(sorted({canonicalize_name(one.name) for one in here} & known))


def page(found: Iterable[Package], direct: set[str]) -> str:
    """docs/dependencies.md: the packages by licence, those that pyproject.toml names in bold. Pure."""
    by_licence: dict[str, list[Package]] = {}
    for package in found:
        by_licence.setdefault(package.licence, []).append(package)
    lines = [
        "# Dependencies",
        "",
        "<!-- Written by `telco360 dependencies licences` from requirements.lock and the metadata of the installed packages. -->",
        "",
        "What `requirements.lock` installs, by licence as each package tells it; in bold what `pyproject.toml` asks for itself.",
        "The lock has the versions. `telco360 dependencies sbom FILE` writes a bill of materials (CycloneDX);",
        "`telco360 dependencies check` asks a database of known vulnerabilities: [osv.dev](https://osv.dev), or the one that",
        "`TELCO360_VULNERABILITY_DATABASE` names.",
        "",
        "| licence | packages |",
        "|---|---|",
    ]
    for name, ones in sorted(by_licence.items(), key=lambda item: (-len(item[1]), item[0])):
        told = ", ".join(f"**{p.name}**" if p.name in direct else p.name for p in ones)
        lines.append(f"| {name.replace('|', '/')} | {told} |")
    return "\n".join(lines) + "\n"


def direct_names() -> set[str]:
    """The packages that pyproject.toml asks for itself, extras too."""
    return {canonicalize_name(Requirement(one).name) for one in metadata.requires("telco360") or ()}


def sbom(found: list[Package]) -> dict[str, Any]:
    """The bill of materials, CycloneDX 1.5; the same packages give the same bytes. Pure."""
    own = f"pkg:pypi/telco360@{metadata.version('telco360')}"
    refs = {package.name: package.purl for package in found}
    needed = sorted(refs[name] for name in direct_names() & set(refs))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, ' '.join(refs.values()))}",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": own, "name": "telco360", "version": own.partition("@")[2]}},
        "components": [
            {
                "type": "library",
                "bom-ref": package.purl,
                "name": package.name,
                "version": package.version,
                "purl": package.purl,
                "licenses": [_licence_entry(package)],
            }
            for package in found
        ],
        "dependencies": [
            {"ref": own, "dependsOn": needed},
            *({"ref": package.purl, "dependsOn": [refs[name] for name in package.needs]} for package in found),
        ],
    }


def known_vulnerabilities(found: list[Package]) -> dict[str, list[str]]:
    """Ids of known vulnerabilities by package and version, of a database that answers as osv.dev does.

    Raises DependencyError where it cannot be asked: nothing is known then, which is not the same as nothing found.
    """
    base = (os.environ.get(DATABASE) or _DATABASE).rstrip("/")
    asked = [{"package": {"purl": package.purl}} for package in found]
    request = urllib.request.Request(
        f"{base}/v1/querybatch", json.dumps({"queries": asked}).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
            results = json.load(answer)["results"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DependencyError(
            f"{base} cannot be asked ({error}): whether a version is known to be unsafe was not checked. "
            f"Run this where it can be reached, or set {DATABASE} to a mirror"
        ) from error
    return vulnerable(found, results)


def vulnerable(found: list[Package], results: list[Mapping[str, Any]]) -> dict[str, list[str]]:
    """The same from the answers, one for each package in its order. Raises DependencyError where they are not as many. Pure."""
    if len(results) != len(found):
        raise DependencyError(f"the database gave {len(results)} answers to {len(found)} questions: nothing can be told by them")
    told = {
        f"{p.name} {p.version}": [one["id"] for one in result.get("vulns") or ()]
        for p, result in zip(found, results, strict=True)
    }
    return {name: ids for name, ids in told.items() if ids}


def _licence_entry(package: Package) -> dict[str, Any]:
    return {"expression": package.licence} if package.is_expression else {"license": {"name": package.licence}}
