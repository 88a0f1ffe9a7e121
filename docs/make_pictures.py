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
from sklearn.datasets import load_digits

from sknet_hp import NetClassifier, report
from sknet_hp.search import HyperbandSearchCV, PBTSearchCV

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


def save(figure: Any, path: Path) -> None:
    """Write a small PNG, of few colours."""
    figure.savefig(path, dpi=DOTS_PER_INCH)
    with Image.open(path) as image:
        image.convert("RGB").quantize(64, dither=Image.Dither.NONE).save(path, optimize=True)


PICTURES = {
    name.removeprefix("draw_"): function for name, function in list(globals().items()) if name.startswith("draw_")
}
"""By the names of their files."""

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in sys.argv[1:] or PICTURES:
        display = PICTURES[name]()
        save(display.figure_, FOLDER / f"{name}.png")
