"""Keys by which a person is told again without being named: HMAC-SHA256 with a key that lies outside the home and the project.

The key file has one key a line, `<id> <64 hexadecimal digits>`; the last is used, those before stay to recognise what was made
with them. Whoever has only the home cannot tell of whom a digest is, nor try all phones or ids until one fits.
"""

import hmac
import os
import re
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestration.base.errors import Telco360Error
from orchestration.base.settings import PROJECT_DIR, Home
from orchestration.base.sql import literal

SETTING = "TELCO360_PSEUDONYM_KEY_FILE"
_LINE = re.compile(r"(k[0-9]+) ([0-9a-f]{64})")
_BLOCK = 64
"""Bytes of a block of SHA-256."""


class KeyFileError(Telco360Error, ValueError):
    """A key file that is missing, unsafe or unreadable; the text says which and what to do."""


@dataclass(frozen=True)
class Keys:
    """All keys by id, and which is used for what is new."""

    by_id: Mapping[str, bytes]
    current: str

    def digest(self, kind: str, value: str, key_id: str | None = None) -> str:
        """64 hexadecimal digits for a value of a kind, such as a subscriber_id."""
        return hmac.digest(self.by_id[key_id or self.current], message(kind, value), "sha256").hex()

    def sql(self, kind: str, value: str, key_id: str) -> str:
        """The same as an expression of DuckDB; `value`: an expression of type varchar."""
        key = self.by_id[key_id].ljust(_BLOCK, b"\0")
        inner, outer = (_blob(bytes(one ^ pad for one in key)) for pad in (0x36, 0x5C))
        return f"sha256({outer} || unhex(sha256({inner} || encode({literal(kind)} || ':' || {value}))))"


def message(kind: str, value: str) -> bytes:
    """What is digested: the kind too, so that equal values of two kinds are not told as one."""
    return f"{kind}:{value}".encode()


def load_keys(home: Home) -> Keys:
    """The keys of the file that TELCO360_PSEUDONYM_KEY_FILE names. Raises KeyFileError, saying what to do."""
    given = os.environ.get(SETTING)
    if not given:
        raise KeyFileError(
            f"{SETTING} is not set: without a key, whom a record is about could be found by trying all ids. Make a key with "
            f"`telco360 privacy key FILE`, FILE outside {home.root} and the project, and set {SETTING} to it"
        )
    path = Path(given).expanduser().resolve()
    require_outside(path, home)
    try:
        text, mode = path.read_text(encoding="ascii"), stat.S_IMODE(path.stat().st_mode)
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"{SETTING}: {path} cannot be read ({error}). Put it back from its backup") from error
    if mode & 0o077:
        raise KeyFileError(f"{SETTING}: {path} can be read by other accounts ({mode:04o}); run chmod 600 {path}")
    found = [_LINE.fullmatch(line) for line in text.split("\n") if line]
    if not found or None in found:
        raise KeyFileError(f"{SETTING}: {path} does not hold keys, a line each: an id and 64 hexadecimal digits")
    keys = {match[1]: bytes.fromhex(match[2]) for match in found if match}
    return Keys(keys, list(keys)[-1])


def add_key(path: Path, home: Home) -> str:
    """Adds a new key to the file, which is made if it is not there; gives its id. From then on it is the one used."""
    path = path.expanduser().resolve()
    require_outside(path, home)
    path.parent.mkdir(parents=True, exist_ok=True)
    known = path.read_text(encoding="ascii").split() if path.exists() else []
    key_id = f"k{len(known) // 2 + 1}"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w") as file:
        file.write(f"{key_id} {secrets.token_hex(32)}\n")
        file.flush()
        os.fsync(file.fileno())
    return key_id


def require_outside(path: Path, home: Home) -> None:
    """Raises KeyFileError where the key would lie beside what it protects."""
    for folder in (home.root, PROJECT_DIR):
        if path.is_relative_to(folder):
            raise KeyFileError(f"{path} lies within {folder}: a backup of it would hold the key too. Choose a place outside")


def _blob(data: bytes) -> str:
    return f"unhex('{data.hex()}')"
