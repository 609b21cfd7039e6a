"""What a destination may be, what messages tell of it, and delivery to a directory and to a file system that is not this one."""

from datetime import date
from pathlib import Path

import duckdb
import fsspec
import pytest

from orchestration.targeting.destination import FileError, check_destination, deliver, local_directory, shown
from orchestration.targeting.file_title import FileTitle
from orchestration.targeting.files import write_list


@pytest.mark.parametrize(
    "given", ["sftp://host/folder", "sftp://user@host:2222/folder", "file://{folder}", "{folder}", "memory://x"]
)
def test_destinations(given, tmp_path):
    check_destination(given.format(folder=tmp_path), "care")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("sftp://user:hush@host/folder", "list care: destination: sftp://host/folder has credentials or options in it"),
        ("sftp://host/folder?password=hush", "list care: destination: sftp://host/folder has credentials or options in it"),
        ("sftp://host/folder#hush", "list care: destination: sftp://host/folder has credentials or options in it"),
        ("carrier-pigeon://host/folder", "list care: destination: 'carrier-pigeon' is no protocol that is known here"),
        ("simplecache::sftp://user:hush@host/folder", "list care: destination: chains of protocols (::) are not taken"),
        ("zip://a::sftp://user:hush@host/folder", "list care: destination: chains of protocols (::) are not taken"),
        ("simplecache://folder", "list care: destination: 'simplecache' is no protocol that is known here"),
        ("s3://bucket/folder", "list care: destination: s3 needs a package that is not installed: Install s3fs"),
        ("/no such/folder", "list care: destination: the folder /no such/folder does not exist; make it"),
        ("file:///no such/folder", "list care: destination: the folder /no such/folder does not exist; make it"),
        ("/srv/a\0b", "list care: destination: it holds a character that cannot be seen"),
        ("ftp://host/folder", "list care: destination: ftp is not encrypted, and the file holds phones"),
        ("http://host/folder", "list care: destination: http is not encrypted, and the file holds phones"),
        ("sftp://[::1/folder", "list care: destination: cannot be read as a URL"),
        ("sftp:///folder", "list care: destination: sftp:///folder names no host"),
        ("lists", "list care: destination: 'lists' is neither a URL such as sftp://host/folder nor an absolute directory"),
    ],
)
def test_no_destinations(given, message):
    with pytest.raises(FileError) as caught:
        check_destination(given, "care")
    assert str(caught.value).startswith(message) and "hush" not in str(caught.value)


def test_a_protocol_without_encryption_is_taken_where_a_setting_names_it(monkeypatch):
    monkeypatch.setenv("TELCO360_UNENCRYPTED_DESTINATIONS", "http, ftp")
    check_destination("ftp://host/folder", "care")
    with pytest.raises(FileError, match="set TELCO360_UNENCRYPTED_DESTINATIONS=webhdfs"):
        check_destination("webhdfs://host/folder", "care")


def test_a_message_tells_neither_user_nor_password():
    assert shown("sftp://user:hush@host:2222/a/b") == "sftp://host:2222/a/b"


@pytest.mark.parametrize(
    ("given", "directory"), [("/a", Path("/a")), (Path("b"), Path("b")), ("file:///a", Path("/a")), ("sftp://h/a", None)]
)
def test_what_is_a_directory_here(given, directory):
    assert local_directory(given) == directory


def test_files_get_their_names_when_all_are_there(tmp_path):
    system = fsspec.filesystem("memory")
    (tmp_path / "a.csv").write_bytes(b"1")
    assert deliver([tmp_path / "a.csv"], "memory://given", "care") == ("memory://given/a.csv",)
    with pytest.raises(FileError, match="list care: memory://given: FileNotFoundError"):
        (tmp_path / "a.csv").write_bytes(b"22")
        deliver([tmp_path / "a.csv", tmp_path / "gone.json"], "memory://given", "care")
    assert [(path, system.cat(path)) for path in system.find("/given")] == [("/given/a.csv", b"1")]


def test_a_url_of_a_directory_here_is_written_as_the_directory(tmp_path):
    title = FileTitle("care", "Care", "关怀", date(2026, 4, 1))
    with duckdb.connect() as connection:
        (tmp_path / "out").mkdir()
        written = write_list(connection, "select 'S1' as subscriber_id", "x", "csv", f"file://{tmp_path}/out", title)
    assert written.files == (f"{tmp_path}/out/x.csv", f"{tmp_path}/out/x.json")
