"""All definitions of a home: what each says and, where lists name each other, whether that is there.

Some came with the project, others were written in the home. One file is read by definition_file.py. A file at fault fails by
itself, and with it the lists that name it; the rest can be run.
"""

from collections.abc import Iterable, Set
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from orchestration.base import settings
from orchestration.base.settings import Home
from orchestration.base.words import Message, did_you_mean, words_of
from orchestration.catalog.tags import Catalog
from orchestration.targeting.definition import AT_KEY, DefinitionError, TargetList, check
from orchestration.targeting.definition_file import OF_FILE, load_definition


@dataclass(frozen=True)
class Definitions:
    """`sound`: the lists that can be run, by name. `problems`: what is wrong with the others, one or more lines a file."""

    sound: dict[str, TargetList]
    problems: tuple[str, ...] = ()


def list_folders(home: Home) -> tuple[Path, Path]:
    """Where lists lie: those that came with the project, and those of the home, which go before a shipped one of their name."""
    return settings.TARGET_LISTS, home.target_lists


def list_files(*folders: Path) -> dict[str, Path]:
    """The file of each list by its name, in the order of names; of two with one name that of the later folder."""
    found = {path.stem: path for folder in folders for path in folder.glob("*.yml")}
    return dict(sorted(found.items()))


def read_definitions(*folders: Path) -> Definitions:
    """The lists of all *.yml in the folders. What a list includes or excludes by name must be a sound one, and not itself."""
    english = "{file}: definitions end in .yml; rename it"
    sound, problems = {}, [Message.of("not_yml", english, file=path) for f in folders for path in sorted(f.glob("*.yaml"))]
    files = list_files(*folders)
    for name, path in files.items():
        try:
            sound[name] = _loaded(path)
        except DefinitionError as error:
            problems.append(words_of(error))
    while faults := {name: found for name, d in sound.items() if (found := _name_problems(d, files.keys(), sound.keys()))}:
        problems += [
            Message.of(OF_FILE, "{file}: {problem}{line}", file=files[name], problem=problem, line="")
            for name, found in faults.items()
            for problem in found
        ]
        sound = {name: definition for name, definition in sound.items() if name not in faults}
    return Definitions(sound, tuple(problems))


def _loaded(path: Path) -> TargetList:
    """The list of a file, read anew when that has changed: hundreds of them take seconds."""
    try:
        found = path.stat()
    except OSError:
        return load_definition(path)  # says what is wrong
    return _kept(path, found.st_mtime_ns, found.st_size, found.st_ino)


@lru_cache(maxsize=2_000)
def _kept(path: Path, *mark: int) -> TargetList:
    return load_definition(path)


def load_definitions(*folders: Path) -> list[TargetList]:
    """The lists of the folders, by name. Raises DefinitionError with the problems of every file that has some."""
    found = read_definitions(*folders)
    if found.problems:
        raise DefinitionError(Message.joined(found.problems, "\n"))
    return list(found.sound.values())


def _name_problems(definition: TargetList, files: Set[str], sound: Set[str]) -> list[Message]:
    problems = []
    for key in ("include_lists", "exclude_lists"):
        for name in getattr(definition, key):
            if name == definition.name:
                problem = Message.of("list_itself", "{name} is the list itself", name=name)
            elif name not in files:
                problem = Message.of("unknown_list", "unknown list {name}{hint}", name=name, hint=did_you_mean(name, files))
            elif name not in sound:
                problem = Message.of("fix_first", "the definition of {name} is at fault; fix that first", name=name)
            else:
                continue
            problems.append(Message.of(AT_KEY, "{key}: {problem}", key=key, problem=problem))
    return problems


def unusable(lists: Iterable[TargetList], catalog: Catalog) -> list[str]:
    """What is wrong with the lists' conditions by this catalogue, a line a list."""
    found = []
    for definition in lists:
        try:
            check(definition, catalog)
        except DefinitionError as error:
            found.append(str(error))
    return found
