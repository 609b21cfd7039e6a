"""What the file of a list or table says of itself beside its rows: in a workbook's summary, and in the manifest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from orchestration.base.words import Message


@dataclass(frozen=True)
class FileTitle:
    """What a file says of itself. `meanings` says what its columns mean, by name; `facts` are further keys of the manifest;
    `what` it is a file of."""

    name: str
    en: str
    zh: str
    run_date: date
    meanings: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, object] = field(default_factory=dict)
    what: str = "list"

    def fault(self, problem: str) -> Message:
        """What is wrong with the file."""
        return Message.of("of_what", "{what} {name}: {problem}", what=self.what, name=self.name, problem=problem)
