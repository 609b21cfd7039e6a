"""Which files are shared with their copy, and that none is where it could be written under the copy's feet."""

import errno
import fcntl
import os
import shutil

import pytest

from orchestration.base.files import share_or_copy


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source"
    path.write_bytes(b"as delivered")
    return path


def _fails(number):
    def act(*_):
        raise OSError(number, os.strerror(number))

    return act


def test_a_file_that_may_be_written_is_not_linked(source, tmp_path):
    target = tmp_path / "target"
    share_or_copy(source, target)
    assert not target.samefile(source)
    source.write_bytes(b"opened anew and written in place")
    assert target.read_bytes() == b"as delivered"


def test_a_file_that_nobody_may_write_is_linked(source, tmp_path, monkeypatch):
    monkeypatch.setattr(fcntl, "ioctl", _fails(errno.EOPNOTSUPP))
    source.chmod(0o444)
    before = source.stat()
    share_or_copy(source, tmp_path / "target")
    after = source.stat()
    assert (tmp_path / "target").samefile(source)
    assert (after.st_mode, after.st_mtime_ns, after.st_size) == (before.st_mode, before.st_mtime_ns, before.st_size)


@pytest.mark.parametrize("mode", [0o644, 0o464, 0o446])
def test_one_who_may_write_is_enough_for_a_copy(source, tmp_path, mode):
    source.chmod(mode)
    share_or_copy(source, tmp_path / "target")
    assert not (tmp_path / "target").samefile(source)


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EPERM, errno.EMLINK])
def test_what_cannot_be_linked_is_copied(source, tmp_path, monkeypatch, number):
    monkeypatch.setattr(os, "link", _fails(number))
    source.chmod(0o444)
    share_or_copy(source, tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == b"as delivered" and not (tmp_path / "target").samefile(source)


def test_a_clone_needs_neither_link_nor_copy(source, tmp_path, monkeypatch):
    def clone(new, request, old):
        os.sendfile(new.fileno(), old, 0, 100)

    monkeypatch.setattr(fcntl, "ioctl", clone)
    monkeypatch.setattr(os, "link", _fails(errno.EPERM))
    monkeypatch.setattr(shutil, "copyfile", _fails(errno.ENOSPC))
    source.chmod(0o444)
    share_or_copy(source, tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == b"as delivered"
