"""What a search says of itself while it runs."""

from sknet_hp.search.journal.lock import is_locked
from sknet_hp.search.journal.log import Log, read_log
from sknet_hp.search.journal.plain import Text, from_plain, to_plain_or_text
from sknet_hp.search.journal.spaces import pack_space, unpack_space
from sknet_hp.search.spaces.space import Space
from tests.helpers.journaled import SPACE


def test_events_of_sessions_are_kept_apart(tmp_path):
    for number in range(2):
        Log(tmp_path / "log").write("began", number=number)
    first, second = read_log(tmp_path / "log")
    assert [first["number"], second["number"]] == [0, 1]
    assert first["session"] != second["session"]
    assert first["at"] <= second["at"]


def test_what_cannot_be_written_is_left_out(tmp_path):
    Log(tmp_path / "nowhere" / "log").write("began")
    assert read_log(tmp_path / "nowhere" / "log") == []


def test_half_a_line_costs_no_other(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"123 {half")
    Log(path).write("began")
    assert [event["event"] for event in read_log(path)] == ["began"]


def test_a_file_that_nobody_holds_is_not_locked(tmp_path):
    assert not is_locked(tmp_path / "lock")
    (tmp_path / "lock").touch()
    assert not is_locked(tmp_path / "lock")


def test_what_json_cannot_hold_is_text():
    assert from_plain(to_plain_or_text((1, None))) == (1, None)
    assert from_plain(to_plain_or_text(print)) == Text("<built-in function print>")
    assert repr(Text("a")) == "a"


def test_spaces_come_back():
    given = {"lr": (1e-3, 0.1, "log-uniform"), "width": (8, 64), "shape": [(8,), None]} | {"rate": SPACE["lr"]}
    [branch] = unpack_space(pack_space(Space(given)))
    assert [repr(dimension) for dimension in branch.values()][:3] == [
        "Range(0.001, 0.1, log)",
        "Range(8, 64)",
        "Choice([(8,), None])",
    ]
    assert Space(branch).names == list(given)
