"""Where finished files go: a directory, or whatever fsspec reaches by a URL; there, too, whole or not at all.

What the files hold is no matter here. Credentials come from fsspec's configuration (FSSPEC_<PROTOCOL>_<KEY> in the environment,
or its files), never from a definition, and no message tells them.
"""

import contextlib
import hashlib
import os
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import fsspec
from fsspec.config import conf as fsspec_config

from orchestration.base import modes
from orchestration.base.errors import Telco360Error
from orchestration.base.files import sha256_of, sync_file, sync_folder
from orchestration.base.words import Message
from orchestration.targeting.definition import AT_KEY, OF_LIST

UNENCRYPTED = ("ftp", "http", "webhdfs")
"""Protocols on which phones would be read by whoever listens; each is refused unless a setting names it."""
ALLOWED = "TELCO360_UNENCRYPTED_DESTINATIONS"

SECONDS_TO_ANSWER = 30
_CHUNK = 1 << 20


class FileError(Telco360Error, RuntimeError):
    """A file that could not be written or delivered. The message names the list, and tells no credentials."""


_INDIRECT = ("simplecache", "filecache", "blockcache", "cached", "zip", "tar", "libarchive", "reference", "dir", "generic")
"""Protocols of fsspec that keep a copy on this machine, pack, or point elsewhere: what they write does not arrive."""


def check_destination(destination: str, name: str) -> None:
    """Raises FileError for what is no destination: a chain or a cache, no absolute path, a folder that is not there, an unknown
    protocol or one whose package is missing, or a URL with credentials in it."""
    if problem := _problem(destination):
        at_key = Message.of(AT_KEY, "{key}: {problem}", key="destination", problem=problem)
        raise FileError(Message.of(OF_LIST, "list {name}: {problem}", name=name, problem=at_key))


def _problem(destination: str) -> Message | None:
    """What is wrong with a destination; None where nothing is."""
    if any(unicodedata.category(c).startswith("C") for c in destination):
        return Message.of("unseen_in_place", "it holds a character that cannot be seen; write it anew")
    if "::" in destination.partition("[")[0]:
        english = "chains of protocols (::) are not taken; write the one URL or folder that the file goes to"
        return Message.of("no_chains", english)
    if "://" not in destination:
        return _problem_of_folder(destination)
    try:
        url, place = urlsplit(destination), shown(destination)
    except ValueError as error:
        return Message.of("no_url", "cannot be read as a URL: {error}", error=error)
    if url.password is not None or url.query or url.fragment:
        english = (
            "{place} has credentials or options in it; leave the host and the folder alone there, and give "
            "the rest by FSSPEC_{protocol}_… in the environment, as docs/target-lists.md says"
        )
        return Message.of("credentials_in_place", english, place=place, protocol=url.scheme.upper())
    if url.scheme not in fsspec.available_protocols() or url.scheme in _INDIRECT:
        english = "'{protocol}' is no protocol that is known here; sftp and file always are"
        return Message.of("no_protocol", english, protocol=url.scheme)
    if url.scheme in UNENCRYPTED and url.scheme not in (os.environ.get(ALLOWED) or "").replace(" ", "").split(","):
        english = (
            "{protocol} is not encrypted, and the file holds phones: whoever listens on the network reads them. Use "
            "sftp://host/folder. If the connection is protected otherwise, by a VPN for example, set {setting}={protocol}"
        )
        return Message.of("not_encrypted", english, protocol=url.scheme, setting=ALLOWED)
    try:
        fsspec.get_filesystem_class(url.scheme)
    except ImportError as error:
        english = "{protocol} needs a package that is not installed: {error}"
        return Message.of("protocol_not_installed", english, protocol=url.scheme, error=error)
    if (directory := local_directory(destination)) is not None:
        return _problem_of_folder(str(directory))
    if url.scheme in ("sftp", "ssh") and not url.hostname:
        return Message.of("no_host", "{place} names no host; write sftp://host/folder", place=place)
    return None


def _problem_of_folder(folder: str) -> Message | None:
    if not Path(folder).is_absolute():
        english = "'{folder}' is neither a URL such as sftp://host/folder nor an absolute directory"
        return Message.of("no_place", english, folder=folder)
    if not Path(folder).is_dir():
        english = "the folder {folder} does not exist; make it, readable for those alone who may see phones"
        return Message.of("no_folder", english, folder=folder)
    return None


def local_directory(destination: str | Path) -> Path | None:
    """The directory that the destination is, None where it is elsewhere."""
    if isinstance(destination, Path) or "://" not in destination:
        return Path(destination)
    url = urlsplit(destination)
    return Path(url.path) if url.scheme in ("file", "local") else None


def deliver(paths: Sequence[Path], destination: str | Path, name: str) -> tuple[str, ...]:
    """Moves the finished files of one list to the destination, under their names, and gives where they stand.

    All are there under other names before the first gets its own, and get them in their order, the last one last: whoever sees
    that one sees all. Raises FileError, saying what to do next, where that fails; a file of an earlier run is as it was then.
    """
    directory = local_directory(destination)
    if directory is not None:
        modes.make_folder(directory, "exports")
        return tuple(str(_settle(path, directory / path.name)) for path in paths)
    check_destination(destination, name)
    try:
        with _remote(destination) as (system, folder):
            return _upload(system, folder, paths, destination)
    except Exception as error:  # what a remote system raises is as manifold as the systems
        english = (
            "{place}: {error}. No file of this run is there under its final name unless it is whole. See that the host answers, "
            "takes our key and has room, then export the list again: that fixes it."
        )
        problem = Message.of("not_delivered", english, place=shown(destination), error=_described(error))
        raise FileError(Message.of(OF_LIST, "list {name}: {problem}", name=name, problem=problem)) from error


def shown(destination: str) -> str:
    """The destination as a message may tell it: protocol, host, port and folder."""
    url = urlsplit(destination)
    port = f":{url.port}" if url.port else ""
    return f"{url.scheme}://{url.hostname or ''}{port}{url.path}"


def _settle(source: Path, target: Path) -> Path:
    """Moves a finished file to its place in one step, on disk before it can be seen."""
    os.chmod(source, modes.file_mode("exports"))
    sync_file(source)
    os.replace(source, target)
    sync_folder(target.parent)
    return target


@contextlib.contextmanager
def _remote(destination: str) -> Iterator[tuple[fsspec.AbstractFileSystem, PurePosixPath]]:
    """The file system behind the URL, by a connection of its own, and the folder."""
    protocol = urlsplit(destination).scheme
    options = _sftp_options() if protocol in ("sftp", "ssh") else {}
    system, folder = fsspec.core.url_to_fs(destination, **options, skip_instance_cache=True)
    with contextlib.ExitStack() as stack:
        if client := getattr(system, "client", None):
            stack.callback(client.close)
            system.ftp.get_channel().settimeout(SECONDS_TO_ANSWER)
        yield system, PurePosixPath(folder)


def _sftp_options() -> dict:
    """A host that does not answer is given up; one whose key ~/.ssh/known_hosts lacks gets no phones. What the configuration says
    goes before."""
    import paramiko

    class KnownHosts(paramiko.MissingHostKeyPolicy):
        """Takes the hosts that ssh itself knows, and no others."""

        def missing_host_key(self, client, hostname, key):
            known = Path("~/.ssh/known_hosts").expanduser()
            if not (known.is_file() and paramiko.HostKeys(str(known)).check(hostname, key)):
                raise paramiko.SSHException(f"the host's {key.get_name()} key is not in ~/.ssh/known_hosts")

    ours = {
        "host_key_policy": KnownHosts(),
        **dict.fromkeys(("timeout", "banner_timeout", "auth_timeout"), SECONDS_TO_ANSWER),
    }
    given = fsspec_config.get("ssh", {}) | fsspec_config.get("sftp", {})
    return {key: value for key, value in ours.items() if key not in given}


def _upload(system, folder: PurePosixPath, paths: Sequence[Path], destination: str) -> tuple[str, ...]:
    """Uploads each file under a name of its own making, reads it back, and only then renames all of them."""
    system.makedirs(str(folder), exist_ok=True)
    # The name is the same in every run, so that what a broken one left is overwritten by the next.
    steps = [(path, str(folder / f".{path.name}.partial"), str(folder / path.name)) for path in paths]
    try:
        for path, partial, _ in steps:
            system.put_file(str(path), partial)
            system.invalidate_cache()
            _verify(system, path, partial)
        for _, partial, final in steps:
            system.mv(partial, final)
    except BaseException:
        for _, partial, _ in steps:
            with contextlib.suppress(Exception):  # the connection may be what is broken
                system.rm_file(partial)
        raise
    return tuple(f"{shown(destination).rstrip('/')}/{path.name}" for path in paths)


def _verify(system, path: Path, partial: str) -> None:
    """Raises OSError where the uploaded file is not the local one to the last byte."""
    expected, found = path.stat().st_size, system.size(partial)
    if found != expected:
        raise OSError(f"{found:,} bytes of {path.name} arrived, {expected:,} were sent")
    there = hashlib.sha256()
    with system.open(partial, "rb") as file:
        while chunk := file.read(_CHUNK):
            there.update(chunk)
    if sha256_of(path) != there.hexdigest():
        raise OSError(f"{path.name} arrived with another SHA-256 than it was sent with")


def _described(error: Exception) -> str:
    """What went wrong, in one line; a key or a password is never in what these errors say."""
    return f"{type(error).__name__}: {error}".rstrip(": .").replace("\n", " ")
