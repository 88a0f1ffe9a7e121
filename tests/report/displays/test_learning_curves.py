import pandas as pd
import pytest
from matplotlib import pyplot
from sklearn.datasets import load_iris

from sknet_hp.report import LearningCurvesDisplay
from sknet_hp.report.frames.learning_curves import CurveFrames, frame_search, summarise_runs
from tests.helpers.small_searches import make_network_search

X, y = load_iris(return_X_y=True)


@pytest.fixture(scope="module")
def search():
    return make_network_search().fit(X, y)


def make_frames(losses):
    """Of one run for each list of losses."""
    rows = [(0, run, epoch, 2 * loss, loss) for run, curve in enumerate(losses) for epoch, loss in enumerate(curve, 1)]
    long = pd.DataFrame(rows, columns=["candidate", "run", "epoch", "train_loss", "valid_loss"])
    return summarise_runs(long.assign(valid_score=1.0), "loss")


def test_the_mean_ends_where_the_first_run_stops():
    display = LearningCurvesDisplay(make_frames([[3, 2], [3, 2, 1, 0.5]])).plot()
    thick = [line for line in display.ax_.lines if line.get_linewidth() > 1 and line.get_linestyle() != "None"]
    assert {tuple(line.get_xdata()) for line in thick} == {(1, 2)}
    assert any(line.get_xdata()[-1] == 4 for line in display.ax_.lines)
    assert {text.get_text() for text in display.ax_.texts} >= {"training", "validation"}


def test_losses_over_orders_of_magnitude_get_a_logarithmic_scale():
    assert LearningCurvesDisplay(make_frames([[100, 10, 1]])).plot().ax_.get_yscale() == "log"
    assert LearningCurvesDisplay(make_frames([[3, 2, 1]])).plot().ax_.get_yscale() == "linear"


def test_best_epochs_are_marked():
    display = LearningCurvesDisplay(make_frames([[3, 1, 2], [3, 2, 1]])).plot()
    [marks] = [line for line in display.ax_.lines if line.get_marker() == "^"]
    assert list(marks.get_xdata()) == [2, 3]
    assert "Best epoch: 2 to 3." in display.ax_.texts[0].get_text().replace("\n", " ")


def test_a_search_shows_its_best_before_the_rest(search):
    _, ax = pyplot.subplots()
    display = LearningCurvesDisplay.from_search(search, n_best=2, ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert len(ax.collections[0].get_paths()) == search.n_candidates_ - 2
    assert "best 2 of 6 candidates" in ax.get_title(loc="left")


@pytest.mark.parametrize(("rungs", "scale"), [([1, 3, 9], "log"), ([6, 8, 9], "linear"), ([], "linear")])
def test_epochs_are_scaled_as_the_rungs_are(rungs, scale, search):
    frames = frame_search(search)._replace(rungs=rungs)
    display = LearningCurvesDisplay(frames, n_best=2).plot()
    assert display.ax_.get_xscale() == scale
    note = " ".join(text.get_text().replace("\n", " ") for text in display.ax_.texts)
    assert ("Dotted: rungs." in note) == bool(rungs)


def test_more_lines_than_can_be_told_apart_are_refused(search):
    with pytest.raises(ValueError, match="n_best=7 must be from 1 to 6"):
        LearningCurvesDisplay.from_search(search, n_best=7)


def test_frames_can_be_given():
    assert isinstance(make_frames([[1.0]]), CurveFrames)
    assert LearningCurvesDisplay(make_frames([[1.0]])).plot().ax_.get_xlabel() == "Epoch"


def test_the_numbers_of_candidates_are_named(search):
    display = LearningCurvesDisplay.from_search(search, n_best=6)
    texts = [text.get_text().replace("\n", " ") for text in display.ax_.texts]
    best = f"best #{search.cv_results_['candidate'][search.best_index_]}: "
    assert any(text.startswith(best) for text in texts)
    assert any("Numbers: accuracy." in text for text in texts)
    assert display.ax_.get_title(loc="left").endswith("loss of 6 candidates")


def test_candidates_in_grey_end_where_their_first_run_stops(search):
    frames = frame_search(search)
    is_last = frames.frame["rank"] == frames.frame["rank"].max()
    after = frames.frame[is_last].groupby(["rank", "part"], as_index=False).last()
    after = after.assign(epoch=after["epoch"] + 1, mean=1e-9, low=1e-9, high=1e-9, n=1)
    longer = frames._replace(frame=pd.concat([frames.frame, after], ignore_index=True))
    display = LearningCurvesDisplay(longer, n_best=2).plot()
    ends = [path.vertices[-1, 1] for path in display.ax_.collections[0].get_paths()]
    assert min(ends) > 1e-6
    assert display.ax_.get_ylim() == LearningCurvesDisplay(frames, n_best=2).plot().ax_.get_ylim()
