"""Where models are saved and loaded: a file appears whole or not at all, and what is no
file stays what it is.
"""

import errno
import os
import socket
import stat
from pathlib import Path

import numpy as np
import pytest

import sknet_hp
from sknet_hp import SavedModelError
from sknet_hp.estimators.persistence import files
from tests.helpers.saved_files import X, fit_net
from tests.helpers.scripts import run_code

posix = pytest.mark.skipif(os.name != "posix", reason="there are no such nodes")


@pytest.fixture(scope="module", autouse=True)
def net_is_fitted():
    """Before any test breaks the file system."""
    fit_net()


def is_loaded(path):
    return np.array_equal(sknet_hp.load(path).predict(X), fit_net().predict(X))


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "there").mkdir()
    target, link, far = tmp_path / "there" / "model", tmp_path / "link", tmp_path / "far"
    link.symlink_to(target)
    far.symlink_to("link")
    for path in (link, far):  # at first there is nothing that it leads to
        sknet_hp.save(fit_net(), path)
        assert is_loaded(path)
        assert link.is_symlink()
        assert far.is_symlink()
        assert sorted(os.listdir(tmp_path)) == ["far", "link", "there"]
        assert os.listdir(tmp_path / "there") == ["model"]
        target.write_text("old")


def test_a_link_to_itself(tmp_path):
    (tmp_path / "link").symlink_to("link")
    with pytest.raises(OSError, match="symbolic links") as error:
        sknet_hp.save(fit_net(), tmp_path / "link")
    assert error.value.filename == str(tmp_path / "link")


@posix
@pytest.mark.parametrize("kind", ["pipe", "device", "socket"])
@pytest.mark.parametrize("linked", [False, True])
def test_what_is_no_file_is_not_replaced(tmp_path, monkeypatch, kind, linked):
    path = tmp_path / "node"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        monkeypatch.chdir(tmp_path)  # names of sockets are short
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind("node")
    else:
        path = Path("/dev/null")
    if linked:
        (tmp_path / "link").symlink_to(path)
    before = os.stat(path)
    asked = tmp_path / "link" if linked else path
    with pytest.raises(OSError, match=r"It is a device, pipe or socket.*give the name of a file") as error:
        sknet_hp.save(fit_net(), asked)
    assert error.value.filename == str(asked)
    with pytest.raises(SavedModelError, match=r"is a device, pipe or socket.*copy it into a file"):
        sknet_hp.load(asked)
    assert os.stat(path) == before
    assert set(os.listdir(tmp_path)) <= {"node", "link"}


@posix
def test_who_may_read_a_file_stays_as_it_was(tmp_path):
    path = tmp_path / "model"
    path.touch()
    path.chmod(0o600)
    sknet_hp.save(fit_net(), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert is_loaded(path)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"No such file or directory, make its folder first: '.*no/model'"):
        sknet_hp.save(fit_net(), tmp_path / "no" / "model")
    (tmp_path / "link").symlink_to(tmp_path / "no" / "model")
    with pytest.raises(FileNotFoundError, match="make its folder first"):
        sknet_hp.save(fit_net(), tmp_path / "link")
    assert os.listdir(tmp_path) == ["link"]


def test_a_folder_instead_of_a_file(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path)
    for path in (tmp_path, tmp_path / "link", "/"):
        with pytest.raises(IsADirectoryError):
            sknet_hp.save(fit_net(), path)
        with pytest.raises(IsADirectoryError, match=r"holds no model\.safetensors; give the file"):
            sknet_hp.load(path)
    assert os.listdir(tmp_path) == ["link"]


def test_a_folder_that_holds_a_model(tmp_path):
    sknet_hp.save(fit_net(), tmp_path / "model.safetensors")
    np.testing.assert_array_equal(sknet_hp.load(str(tmp_path)).parameters_, fit_net().parameters_)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="who is root may write anywhere")
def test_a_folder_that_is_read_only(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError) as error:
        sknet_hp.save(fit_net(), tmp_path / "model")
    assert error.value.filename == str(tmp_path / "model")


FULL = """
import resource, signal, sys
import sknet_hp
net = sknet_hp.load(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    sknet_hp.save(net, sys.argv[1])
except OSError as error:
    print(error.errno, error.filename)
"""


@posix
def test_a_disk_that_has_no_room(tmp_path):
    """What was there is still there, and nothing else."""
    path = tmp_path / "model"
    sknet_hp.save(fit_net(), path)
    assert run_code(FULL, str(path)).stdout.split() == [str(errno.EFBIG), str(path)]
    assert os.listdir(tmp_path) == ["model"]
    assert is_loaded(path)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EDQUOT])
@pytest.mark.parametrize("when", ["write_bytes", "read_bytes", "replace"])
def test_whatever_fails_leaves_nothing(tmp_path, monkeypatch, code, when):
    path = tmp_path / "model"
    sknet_hp.save(fit_net(), path)

    def fails(self, *args):
        raise OSError(code, os.strerror(code), str(self))

    monkeypatch.setattr(Path, when, fails)
    with pytest.raises(OSError, match=os.strerror(code)) as error:
        sknet_hp.save(fit_net(), path)
    assert (error.value.errno, error.value.filename) == (code, str(path))
    monkeypatch.undo()
    assert os.listdir(tmp_path) == ["model"]
    assert is_loaded(path)


def test_a_file_is_read_back_before_it_counts(tmp_path, monkeypatch):
    path = tmp_path / "model"
    path.write_text("before")
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda self: read(self)[:-1])
    with pytest.raises(OSError, match="gives back something else") as error:
        sknet_hp.save(fit_net(), path)
    assert error.value.filename == str(path)
    monkeypatch.undo()

    def damaged(content, name):
        raise SavedModelError(f"{name} is damaged")

    monkeypatch.setattr(files, "deserialize", damaged)
    with pytest.raises(
        TypeError,
        match=r"would not come back from its file \(what was written is damaged\), so there is none; use joblib",
    ):
        sknet_hp.save(fit_net(), path)
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["model"]


def test_a_large_file_of_something_else_is_not_read(tmp_path):
    path = tmp_path / "model"
    for begin in (b"PAR1", b"\xff" * 7 + b"\0", b"\0" * 8):
        path.write_bytes(begin)
        os.truncate(path, 2**41)
        with pytest.raises(SavedModelError, match="not a file that sknet_hp"):
            sknet_hp.load(path)
