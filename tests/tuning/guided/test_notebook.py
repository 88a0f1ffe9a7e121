import pytest

from sknet_hp.tuning.guided.notebook import Notebook


def fail():
    pytest.fail("it was decided before")


def test_what_was_decided_is_not_decided_again(tmp_path):
    notebook = Notebook(tmp_path)
    assert notebook.recall("candidates", lambda: 7) == 7
    assert notebook.recall("candidates", fail) == 7
    assert Notebook(tmp_path).recall("candidates", fail) == 7
    assert Notebook(None).recall("candidates", lambda: 3) == 3


def test_half_a_line_of_a_dying_process_is_cut_off(tmp_path):
    Notebook(tmp_path).recall("first", lambda: 0.1)
    with (tmp_path / "decisions").open("a") as file:
        file.write('["second", 0.')
    again = Notebook(tmp_path)
    assert again.recall("first", fail) == 0.1
    assert again.recall("second", lambda: 0.25) == 0.25
    assert Notebook(tmp_path).recall("second", fail) == 0.25
