"""How far a run is, on a terminal."""

import numpy as np
from rich.console import Console

from sknet_hp.cli.output.watched import _draw_best, _find_common, draw_run, write_line


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


def test_what_candidates_have_in_common():
    a, b = {"lr": 0.1, "width": 8, "act": None}, {"lr": 0.2, "width": 8, "act": None, "dropout": 0.1}
    assert _find_common([a, b]) == {"width": 8, "act": None}
    assert _find_common([a]) == {}
    assert _find_common([]) == {}
