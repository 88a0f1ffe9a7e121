import json

import filelock
import pytest

from sknet_hp.cli.errors import BadInput
from sknet_hp.cli.output.files import JOURNAL, SUMMARY
from sknet_hp.cli.output.run_folder import SCORE, SEARCH, RunFolder

SETTINGS = {"data": "a.csv", "target": "y", "seed": 0, "time_budget": 60.0}


@pytest.fixture
def out(tmp_path):
    return tmp_path / "deep" / "results"


def open_folder(out, *, resume=False, overwrite=False, **settings):
    return RunFolder(out, "tune", SETTINGS | settings, resume=resume, overwrite=overwrite)


def begin(out, **options):
    folder = open_folder(out, **options)
    folder.begin(folder.known or {"candidates": 7})
    for name in (SEARCH, SCORE):
        (folder.find(name) / "states").mkdir(parents=True)
        (folder.find(name) / "records").write_text("known")
    return folder


def write(path):
    path.write_text("{}")


def fail(path):
    raise OSError(28, "No space left on device")


def test_results_come_beside_the_journal(out):
    begin(out).finish({SUMMARY: write})
    assert sorted(each.name for each in out.iterdir()) == [JOURNAL, SUMMARY]
    assert (out / JOURNAL / SEARCH / "records").read_text() == "known"
    assert not list(out.rglob("states"))
    assert json.loads((out / JOURNAL / "run.json").read_text())["finished"]


def test_of_a_finished_score_the_numbers_stay(out):
    folder = begin(out)
    outcome = folder.find(SCORE) / "outcomes" / "search-0-0"
    outcome.parent.mkdir()
    outcome.write_bytes(b"numbers\n" + bytes(1000))
    folder.finish({SUMMARY: write})
    assert outcome.read_bytes() == b"numbers\n"


def test_what_could_not_be_written_can_be_resumed(out):
    with pytest.raises(BadInput, match="No space left"):
        begin(out).finish({SUMMARY: write, "model.safetensors": fail})
    assert [each.name for each in out.iterdir()] == [JOURNAL]
    assert open_folder(out, resume=True).known == {"candidates": 7}


def test_a_run_that_has_not_ended_is_resumed_or_replaced(out):
    begin(out).stop(forget=False)
    with pytest.raises(BadInput, match="has an unfinished run in it: --resume continues it, --overwrite starts again"):
        open_folder(out)
    again = open_folder(out, resume=True, time_budget=5.0)
    assert (again.is_resumed, again.known) == (True, {"candidates": 7})
    again.begin(again.known)
    assert (again.find(SCORE) / "records").exists()
    again.stop(forget=True)  # what others may still resume is not lost
    open_folder(out, overwrite=True).begin()
    assert not (out / JOURNAL / SCORE).exists()


def test_another_run_is_refused_by_the_option_that_differs(out):
    begin(out).stop(forget=False)
    with pytest.raises(BadInput, match=r"has a run in it with --seed 0, and this is 1: give the same options"):
        open_folder(out, resume=True, seed=1)
    with pytest.raises(BadInput, match="can't be used together"):
        open_folder(out, resume=True, overwrite=True)


def test_what_has_ended_is_not_resumed(out):
    begin(out).finish({SUMMARY: write})
    with pytest.raises(BadInput, match="has the results of a finished run"):
        open_folder(out, resume=True)
    with pytest.raises(BadInput, match="is not empty"):
        open_folder(out)


def test_resume_begins_where_nothing_is(out):
    folder = open_folder(out, resume=True)
    assert not folder.is_resumed
    folder.begin()
    folder.stop(forget=True)
    assert not out.parent.exists()


def test_one_at_a_time(out):
    folder = begin(out)
    with pytest.raises(BadInput, match="is in use by another sknet-hp"):
        open_folder(out, overwrite=True).begin()
    assert (folder.find(SCORE) / "records").exists()
    folder.stop(forget=False)
    with filelock.FileLock(out / JOURNAL / "lock", timeout=0):
        pass
