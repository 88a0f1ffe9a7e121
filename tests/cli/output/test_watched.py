"""How far a run is, on a terminal."""

from types import SimpleNamespace

import numpy as np
from rich.console import Console

from sknet_hp.cli.output.watched import _draw_best, _find_changed, draw_run, write_line


def test_the_best_score_rises():
    line = _draw_best(np.array([np.nan, 0.5, 0.6, 0.9]))
    assert (line[0], line[-1], len(line)) == ("▁", "█", 3)
    assert _draw_best(np.array([0.5])) == ""
    assert len(_draw_best(np.linspace(0, 1, 500))) == 40


def test_a_run_without_searches_yet(tmp_path):
    console = Console(width=200)
    with console.capture() as capture:
        console.print(draw_run(tmp_path, []))
    assert "no search has started yet" in capture.get()
    assert "no search has started yet" in write_line(tmp_path, [])


def test_candidates_show_what_they_have_changed():
    record = SimpleNamespace(own_params_={"lr": 0.1, "width": 8})
    assert _find_changed(record, {"lr": 0.1, "width": 16, "kernel": None}) == {"width": 16, "kernel": None}
