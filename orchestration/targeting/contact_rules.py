"""The figures that lists go by, seed contact_rules as the published version was built with it: caps, and when a line may be on a
list again."""

from collections.abc import Mapping
from dataclasses import dataclass

from orchestration.base.errors import ListError
from orchestration.base.words import Message
from orchestration.engines.tables import Tables


class Rules(dict[str, float]):
    """The figures of seed contact_rules by rule. Asking for one that the seed lacks raises ListError."""

    def __missing__(self, rule: str) -> float:
        english = "seed contact_rules lacks the rule {rule!r}; add it, build and publish again"
        raise ListError(Message.of("no_rule", english, rule=rule))


@dataclass(frozen=True)
class Caps:
    """Contacts that a line may have in the days that end with the run date, the export counted: {days: contacts}, by length."""

    by_days: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, rules: Mapping[str, float]) -> "Caps":
        """The caps that seed contact_rules states."""
        spans = [(rules[f"{span}_cap_days"], rules[f"{span}_cap_contacts"]) for span in ("short", "mid", "long")]
        return cls(tuple((int(days), int(contacts)) for days, contacts in spans))

    def tightened(self, own: Mapping[str, int]) -> "Caps":
        """The caps of a list that names its own. Raises ValueError for one that is looser, or of other days."""
        names = {f"days_{days}": contacts for days, contacts in self.by_days}
        for name, contacts in own.items():
            if name not in names:
                english = "caps: seed contact_rules caps {names}, not {name}"
                raise ValueError(Message.of("no_such_cap", english, names=", ".join(names), name=name))
            if contacts > names[name]:
                english = "caps: {name} is {contacts}, but seed contact_rules allows {allowed}; a list may be tighter only"
                raise ValueError(Message.of("looser_cap", english, name=name, contacts=contacts, allowed=names[name]))
        return Caps(tuple((days, own.get(f"days_{days}", contacts)) for days, contacts in self.by_days))


@dataclass(frozen=True)
class Repeats:
    """When a line may be on a list once more, in days before the run date: after a run that had it (exported or held back as
    control), after a refusal. `only_new`: never, once a run had it."""

    cool_down_days: int = 0
    refused_days: int = 0
    only_new: bool = False

    @classmethod
    def of(cls, rules: Mapping[str, float]) -> "Repeats":
        """The days that seed contact_rules states."""
        return cls(int(rules["cool_down_days"]), int(rules["refused_days"]))


def read_rules(tables: Tables) -> Rules:
    """The rules that the published version was built with."""
    return Rules((rule, float(value)) for rule, value in tables.rows(f"select rule, value from {tables.relations.contact_rules}"))
