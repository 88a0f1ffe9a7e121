"""TPE proposes what Optuna's sampler does."""

import warnings

import optuna
import pytest

from sknet_hp.search import TPESearchCV
from tests.helpers.formulas import LR, compute_value, fit_search, list_candidates

pytestmark = pytest.mark.timeout(110)


# ---- the libraries' own proposals ----------------------------------------------------------------------------------


@pytest.mark.parametrize("n_points", [1, 4])
@pytest.mark.parametrize("seed", [0, 7])
def test_tpe_is_optunas(n_points, seed):
    activations = ["relu", "selu", "tanh"]
    space = {"lr": LR, "dropout": (0.0, 0.9), "width": (4, 256, "log-uniform"), "activation": activations}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed), direction="maximize")
    expected = []
    while len(expected) < 32:
        trials = [study.ask() for _ in range(n_points)]
        batch = [
            {
                "lr": trial.suggest_float("lr", 1e-6, 1.0, log=True),
                "dropout": trial.suggest_float("dropout", 0.0, 0.9),
                "width": trial.suggest_int("width", 4, 256, log=True),
                "activation": trial.suggest_categorical("activation", activations),
            }
            for trial in trials
        ]
        for trial, params in zip(trials, batch, strict=True):
            study.tell(trial, compute_value(**params))
        expected += batch
    assert (
        list_candidates(fit_search(TPESearchCV, space, n_candidates=32, n_points=n_points, random_state=seed))
        == expected
    )


def test_tpe_takes_steps_as_optuna_does():
    space = {
        "width": optuna.distributions.IntDistribution(8, 64, step=8),
        "dropout": optuna.distributions.FloatDistribution(0.0, 0.8, step=0.1),
    }
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=3), direction="maximize")
    expected = []
    while len(expected) < 20:
        trial = study.ask(space)
        study.tell(trial, compute_value(**trial.params))
        params = trial.params | {"dropout": round(trial.params["dropout"], 9)}  # Optuna's .6 is .6000000000000001
        if params not in expected:  # what was tried is not tried again
            expected.append(params)
    assert list_candidates(fit_search(TPESearchCV, space, n_candidates=20, n_points=1, random_state=3)) == expected
