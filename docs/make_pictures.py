"""Draws the pictures of docs/pictures.md: `python docs/make_pictures.py [NAME ...]`.

Needs the extras `plot` and `bayes`; a minute on two cores.
"""

import sys
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

from PIL import Image
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, make_classification

from sknet_hp import NetClassifier, NetRegressor, report
from sknet_hp.evaluation import compare, make_baseline, nested_cross_validate, repeat_over_seeds
from sknet_hp.search import HalvingSearchCV, HyperbandSearchCV, PBTSearchCV

FOLDER = Path(__file__).parent / "pictures"
DOTS_PER_INCH = 90


@cache
def search() -> Any:
    """Return the search that most pictures show."""
    X, y = load_digits(return_X_y=True)
    net = NetClassifier(width=32, max_epochs=27, random_state=0)
    space = {
        "lr": (1e-4, 0.1, "log-uniform"),
        "width": (8, 128, "log-uniform"),
        "dropout": (0.0, 0.5),
        "activation": ["relu", "silu", "tanh"],
    }
    return HyperbandSearchCV(net, space, cv=3, random_state=0).fit(X, y)


def draw_learning_curves() -> Any:
    """Draw the curves of one model with four seeds."""
    X, y = load_digits(return_X_y=True)
    nets = [NetClassifier(width=32, max_epochs=40, random_state=seed).fit(X, y) for seed in range(4)]
    return report.LearningCurvesDisplay.from_estimator(nets)


def draw_learning_curves_of_a_search() -> Any:
    """Draw the curves of all candidates."""
    return report.LearningCurvesDisplay.from_search(search())


def draw_search_history() -> Any:
    """Draw scores over time."""
    return report.SearchHistoryDisplay.from_search(search())


def draw_parallel_coordinates() -> Any:
    """Draw all candidates across their parameters."""
    return report.ParallelCoordinatesDisplay.from_search(search())


def draw_range_test() -> Any:
    """Draw losses over learning rates."""
    X, y = load_digits(return_X_y=True)
    return report.RangeTestDisplay.from_estimator(NetClassifier(random_state=0), X, y)


def draw_lineage() -> Any:
    """Draw a population, and the schedule that it found."""
    X, y = load_digits(return_X_y=True)
    net = NetClassifier(width=32, max_epochs=20, early_stopping=False, random_state=0)
    space = {"lr": (1e-4, 0.1, "log-uniform"), "dropout": (0.0, 0.5)}
    population = PBTSearchCV(net, space, population_size=10, cv=3, scoring="neg_log_loss", random_state=0)
    return report.LineageDisplay.from_search(population.fit(X, y))


def draw_importances() -> Any:
    """Draw which parameters of the search decided."""
    return report.ImportancesDisplay.from_search(search())


def draw_landscape() -> Any:
    """Draw scores over each parameter."""
    return report.LandscapeDisplay.from_search(search())


def draw_landscape_of_pairs() -> Any:
    """Draw scores over each two of three parameters."""
    return report.LandscapeDisplay.from_search(search(), kind="pairs", parameters=["lr", "width", "dropout"])


@cache
def evaluation() -> tuple[Any, Any]:
    """Return a nested cross-validation, and one of a linear model beside it."""
    X, y = load_breast_cancer(return_X_y=True)
    net = NetClassifier(max_epochs=20, random_state=0)
    space = {"lr": (1e-3, 0.1, "log-uniform"), "width": (16, 128, "log-uniform")}
    search = HalvingSearchCV(net, space, n_candidates=9, cv=3, random_state=0)
    settings: Any = {"cv": 5, "n_repeats": 2, "scoring": "accuracy", "random_state": 0}
    linear = make_baseline("linear", "classification")
    return nested_cross_validate(search, X, y, **settings), nested_cross_validate(linear, X, y, **settings)


def draw_nested_scores() -> Any:
    """Draw inner beside outer scores."""
    tuned, linear = evaluation()
    return report.NestedScoresDisplay.from_evaluation(tuned, baselines={"linear": linear})


def draw_comparison() -> Any:
    """Draw how a network and a linear model differ."""
    return report.ComparisonDisplay.from_comparison(compare(*evaluation(), names=["network", "linear"]))


def draw_seeds() -> Any:
    """Draw what ten seeds do to the scores of one network."""
    X, y = load_breast_cancer(return_X_y=True)
    net = NetClassifier(max_epochs=20, random_state=0)
    result = repeat_over_seeds(net, X, y, n_seeds=range(10), scoring="neg_log_loss", random_state=0)
    return report.SeedsDisplay.from_result(result)


def draw_calibration() -> Any:
    """Draw how far the probabilities of a network that overfits can be believed."""
    X, y = make_classification(2000, flip_y=0.25, random_state=0)
    net = NetClassifier(max_epochs=40, early_stopping=False, random_state=0)
    return report.CalibrationDisplay.from_evaluation(nested_cross_validate(net, X, y, random_state=0, checks=False))


def draw_confusion() -> Any:
    """Draw which digits are taken for which."""
    X, y = load_digits(return_X_y=True)
    net = NetClassifier(width=32, max_epochs=4, random_state=0)
    return report.ConfusionMatrixDisplay.from_evaluation(nested_cross_validate(net, X, y, random_state=0))


def draw_residuals() -> Any:
    """Draw by how much predictions are off."""
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    net = NetRegressor(max_epochs=30, random_state=0)
    result = nested_cross_validate(net, X, y, random_state=0)
    return report.ResidualsDisplay.from_evaluation(result, target="progression of the disease")


def save(figure: Any, path: Path) -> None:
    """Write a small PNG, of few colours, rare ones among them."""
    figure.savefig(path, dpi=DOTS_PER_INCH)
    with Image.open(path) as image:
        image.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
            path, optimize=True
        )


PICTURES = {
    name.removeprefix("draw_"): function for name, function in list(globals().items()) if name.startswith("draw_")
}
"""By the names of their files."""

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in sys.argv[1:] or PICTURES:
        display = PICTURES[name]()
        save(display.figure_, FOLDER / f"{name}.png")
