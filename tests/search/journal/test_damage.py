"""Journals that were damaged or tampered with, and disks that fill: what is whole is
used, what is not is trained again or refused.
"""

import errno
import os
from pathlib import Path

import pytest
from sklearn.base import clone

from sknet_hp.search import JournalError
from sknet_hp.search.journal.identity import Identity
from sknet_hp.search.journal.journal import Journal
from sknet_hp.search.journal.lines import decode
from sknet_hp.search.journal.states import Label, States
from tests.helpers.curves import list_results
from tests.helpers.journaled import NET, Stop, X, assert_same_search, make_network_search, stop_after, y
from tests.helpers.scripts import run_code

pytestmark = pytest.mark.timeout(120)


def test_a_half_written_record(path, whole):
    make_network_search(path).fit(X, y)
    records = path / "records"
    content = records.read_bytes()
    lines = content.splitlines(keepends=True)
    assert len(lines) == 44
    for damaged in (
        content[:-1],
        content[:-20],
        b"".join(lines[:20]) + lines[20][:9],
        content[:5],
        b"",
        content + b"deadbeef {}",
        content + b"\x00" * 99,
    ):
        records.write_bytes(damaged)
        assert_same_search(make_network_search(path).fit(X, y), whole[True])
        assert len(records.read_bytes().splitlines()) == 44


def test_a_flipped_bit_in_a_record(path, whole):
    make_network_search(path).fit(X, y)
    content = bytearray((path / "records").read_bytes())
    content[len(content) // 2] ^= 1
    (path / "records").write_bytes(content)
    assert_same_search(make_network_search(path).fit(X, y), whole[True])


@pytest.mark.parametrize(
    "damage", ["cut", "flipped", "empty", "no label", "another label", "garbage", "gone", "partial"]
)
def test_a_damaged_state(path, damage, monkeypatch, whole):
    with monkeypatch.context() as patch:
        stop_after(34, patch)
        with pytest.raises(Stop):
            make_network_search(path).fit(X, y)
    states = sorted((path / "states").iterdir())
    assert len(states) == 34 - 18, "those that the first rung has left behind need none"
    for state in states:
        content = state.read_bytes()
        flipped = bytearray(content)
        flipped[-40] ^= 4
        made = {
            "cut": content[: len(content) // 2],
            "flipped": bytes(flipped),
            "empty": b"",
            "no label": b"x" + content,
            "another label": content.replace(b'"split": 0', b'"split": 1').replace(b'"split": 1', b'"split": 0'),
            "garbage": content[: content.find(b"\n") + 1] + b"own garbage",
        }
        if damage == "gone":
            state.unlink()
        elif damage == "partial":
            state.rename(state.with_name(state.name + ".partial"))
        else:
            state.write_bytes(made[damage])
    assert_same_search(make_network_search(path).fit(X, y), whole[True])


def stopped(path, moment, **parameters):
    """A journal of a search that was stopped; what each of its networks is called."""
    with pytest.MonkeyPatch.context() as patch:
        stop_after(moment, patch)
        with pytest.raises(Stop):
            make_network_search(path, **parameters).fit(X, y)
    return {state.name for state in (path / "states").iterdir()}


def finalist(search, states, reached):
    """Somebody who has reached so much, and will go on to the end."""
    results = search.cv_results_
    last = {int(number) for number, n in zip(results["candidate"], results["n_resources"], strict=True) if n == 9}
    return next(number for number in sorted(last) if f"{number}-0-{reached}" in states)


@pytest.mark.parametrize("which", ["candidate", "split", "search"])
def test_networks_that_were_exchanged(path, tmp_path, which, whole):
    """They were taken for what their file's name says."""
    states = stopped(path, 34)
    number = finalist(whole[True], states, 3)
    state = path / "states" / f"{number}-0-3"
    if which == "search":
        stopped(tmp_path / "other", 34, error_score=0.0)
    other = {
        "candidate": path / "states" / next(name for name in states if name.endswith("-0-3") and name != state.name),
        "split": path / "states" / f"{number}-1-3",
        "search": tmp_path / "other" / "states" / state.name,
    }[which]
    kept = state.read_bytes()
    state.write_bytes(other.read_bytes())
    with pytest.raises(
        JournalError,
        match=rf"{state}' is the network of candidate \d+ .*, not of candidate {number} in split 0 after 3 .*or "
        rf"delete it",
    ):
        make_network_search(path).fit(X, y)
    state.write_bytes(kept)
    assert_same_search(make_network_search(path).fit(X, y), whole[True])


def test_a_network_of_an_earlier_rung(path, whole):
    """Put back from a copy of the journal, say."""
    number = finalist(whole[True], stopped(path, 18), 1)
    early = (path / "states" / f"{number}-0-1").read_bytes()
    stopped(path, 34 - 18)
    late = path / "states" / f"{number}-0-3"
    late.write_bytes(early)
    with pytest.raises(
        JournalError,
        match=f"{late.name}' is the network of candidate {number} .* after 1 .*, not of candidate {number} .* after 3",
    ):
        make_network_search(path).fit(X, y)
    late.unlink()
    assert_same_search(make_network_search(path).fit(X, y), whole[True])


def test_records_that_were_exchanged(path, tmp_path):
    make_network_search(path).fit(X, y)
    make_network_search(tmp_path / "other").fit(X + 1, y)
    (path / "records").write_bytes((tmp_path / "other" / "records").read_bytes())
    with pytest.raises(JournalError, match=r"knows candidate 0 .*of another search"):
        make_network_search(path).fit(X, y)


def test_networks_of_a_search_that_recorded_nothing(path):
    """It died with its first network written, and its journal is then given another
    seed.
    """
    assert stopped(path, 34)
    (path / "records").write_bytes(b"")
    search = make_network_search(path, random_state=1).fit(X, y)
    assert list_results(search) == list_results(make_network_search(random_state=1).fit(X, y))


def test_forgetting_all_networks_spares_other_files(tmp_path):
    states = States(tmp_path)
    for number in range(2):
        states.save(Label(number, 0, 3, "a"), clone(NET))
    (tmp_path / "notes").write_text("mine")
    states.forget(1)
    assert [states.has(number, 0) for number in range(2)] == [True, False]
    states.forget()
    assert [path.name for path in tmp_path.iterdir()] == ["notes"]


def test_a_damaged_header(path):
    make_network_search(path).fit(X, y)
    for damaged in ("", "[1, 2", "[1]"):
        (path / "search.json").write_text(damaged)
        with pytest.raises(JournalError, match=r"is damaged: search\.json can not be read; give another path"):
            make_network_search(path).fit(X, y)


class Full:
    """A file on a disk that is full after so many bytes."""

    def __init__(self, file, room):
        self.file, self.room = file, room

    def write(self, data):
        taken = min(self.room, len(data))
        self.room -= taken
        if not taken:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self.file.write(data[:taken])

    def __getattr__(self, name):
        return getattr(self.file, name)


BEGINNING = {
    "directory": (os, "mkdir"),
    "lock": (os, "open"),
    "header": (os, "fsync"),
    "name of the header": (os, "replace"),
    "records": (Journal, "_read"),
}
"""What is called where the disk may be full when a journal begins."""


@pytest.mark.parametrize(("owner", "name"), BEGINNING.values(), ids=BEGINNING)
@pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_full_disk_when_a_journal_begins(path, owner, name, reason, monkeypatch, whole):
    def full(*_, **__):
        raise OSError(reason, os.strerror(reason))

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, full)
        with pytest.raises(
            OSError,
            match=rf"journal=.*run.* can not be begun or opened \({os.strerror(reason)}\): make room, or give a path",
        ) as raised:
            Journal(path, Identity({"a": "1"}))
    assert raised.value.errno == reason
    assert not list(path.glob("*.partial"))
    assert_same_search(make_network_search(path).fit(X, y), whole[True])


def test_a_disk_that_fills_within_the_header(path):
    """Of a real limit on what a process may write."""
    code = f"""
import resource
from sknet_hp.search.journal.identity import Identity
from sknet_hp.search.journal.journal import Journal
resource.setrlimit(resource.RLIMIT_FSIZE, (2, 2))
Journal({str(path)!r}, Identity({{'a': '1'}}))
"""
    ran = run_code(code, check=False, PYTHONDONTWRITEBYTECODE="1")
    assert "can not be begun or opened (File too large): make room" in ran.stderr
    assert {each.name for each in path.iterdir()} == {"states", "lock"}
    Journal(path, Identity({"a": "1"})).close()


@pytest.mark.parametrize("room_left", [0, 100, 1000, 5000])
def test_full_disk_for_records(path, room_left, monkeypatch, whole):
    original = Journal._read

    def read(self):
        original(self)
        self._file = Full(self._file, room_left)

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "_read", read)
        with pytest.raises(
            OSError, match=r"journal=.*run.* can not be written \(No space left on device\); what it holds is whole"
        ):
            make_network_search(path).fit(X, y)
    content = (path / "records").read_bytes()
    assert all(decode(line) for line in content.splitlines(keepends=True))
    assert len(content) <= room_left
    assert_same_search(make_network_search(path).fit(X, y), whole[True])


def test_full_disk_for_networks(path, monkeypatch, whole):
    count = [0]
    original = Path.write_bytes

    def write_bytes(self, data):
        if self.name.endswith(".partial") and self.parent.name == "states":
            count[0] += 1
            if count[0] > 20:
                original(self, data[: len(data) // 2])
                raise OSError(errno.ENOSPC, "No space left on device")
        return original(self, data)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", write_bytes)
        with pytest.raises(OSError, match=r"No space left on device.*what it holds is whole"):
            make_network_search(path).fit(X, y)
    assert not list((path / "states").glob("*.partial"))
    assert_same_search(make_network_search(path).fit(X, y), whole[True])
