import numpy as np
import pandas as pd
import pytest

from sknet_hp.report import ImportancesDisplay
from sknet_hp.report.frames.importances import Importances


def make_importances(share, luck, method="ped-anova", resource=np.nan):
    names = [f"p{k}" for k in range(len(share))]
    frame = pd.DataFrame({"parameter": names, "label": names, "share": share, "sd": 0.05, "luck": luck})
    return Importances(frame, method, 40, resource, 0.125)


def test_what_luck_explains_is_hollow():
    display = ImportancesDisplay(make_importances([0.7, 0.3], [0.4, 0.5])).plot()
    fills = [bar.get_facecolor() for bar in display.ax_.patches]
    assert fills[0] == (1, 1, 1, 1)  # the least important is at the bottom
    assert fills[1] != (1, 1, 1, 1)
    assert display.ax_.get_title(loc="left") == "What separates the best 12 % of candidates"


def test_nothing_stands_out_of_luck():
    display = ImportancesDisplay(make_importances([0.6, 0.4], [0.7, 0.6])).plot()
    assert display.ax_.get_title(loc="left") == "No hyperparameter matters more than luck explains"


@pytest.mark.parametrize(("resource", "text"), [(1.0, "after 1 epoch."), (9.0, "after 9 epochs.")])
def test_the_note_says_what_was_compared(resource, text):
    display = ImportancesDisplay(make_importances([1.0], [np.nan], "fanova", resource), "epochs").plot()
    assert display.ax_.texts[-1].get_text().replace("\n", " ") == f"fANOVA of 40 candidates {text}"


def test_many_hyperparameters_are_cut():
    display = ImportancesDisplay(make_importances([0.05] * 20, [0.01] * 20)).plot()
    assert len(display.ax_.patches) == 15
    assert "5 more have less" in display.ax_.texts[-1].get_text().replace("\n", " ")
