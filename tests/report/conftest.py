import pytest


@pytest.fixture(autouse=True)
def closed_figures():
    """Draws without a screen, and closes what a test has drawn."""
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    yield
    from matplotlib import pyplot

    pyplot.close("all")
