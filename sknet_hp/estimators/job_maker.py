"""From what `fit` was given to the jobs that train: rows encoded, targets, networks."""

from copy import deepcopy

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import validate_data
from torch import nn

from sknet_hp.estimators.building.architecture import Architecture, make_architecture
from sknet_hp.estimators.building.checks import check_mixup
from sknet_hp.estimators.building.fitted import FittedNetwork
from sknet_hp.estimators.building.jobs import (
    LearningTask,
    continue_jobs,
    derive_seeds,
    make_job,
    make_member_jobs,
    start_jobs,
)
from sknet_hp.estimators.building.stopping import ScorerMetric, make_scorer_metric
from sknet_hp.estimators.building.structure import (
    Structure,
    check_unchanged,
    make_encoder,
    make_structure,
    read_layer_numbers,
)
from sknet_hp.estimators.building.transfer import load_source
from sknet_hp.estimators.building.user_modules import check_buffers
from sknet_hp.estimators.encoding.cache import encode_cached, learn_cached
from sknet_hp.estimators.encoding.table_encoder import TableEncoder
from sknet_hp.estimators.targets.held_out import FitData, name_in_errors
from sknet_hp.estimators.targets.labels import ClassTarget
from sknet_hp.estimators.targets.numbers import NumberTarget
from sknet_hp.estimators.targets.row_weights import find_weighted_rows, scale_weights
from sknet_hp.estimators.types import ArrayLike, TableLike
from sknet_hp.nets.inputs import Inputs
from sknet_hp.training.job import EncodedTable, Rows, TrainingJob
from sknet_hp.training.rules.torch_loss import TorchLoss
from sknet_hp.training.state import State


class JobMaker(BaseEstimator):
    """The part of `BaseNet` that makes jobs of data, and keeps what they are made by.

    What `y` means is said by the two estimators, in the methods of the last section.
    """

    encoder_: TableEncoder
    structure_: Structure  # what must stay as it is while a network is trained on
    layer_numbers_: dict[str, float]
    seed_: int
    target_: ClassTarget | NumberTarget

    def _make_jobs(
        self,
        data: FitData,
        train: np.ndarray | None,
        validation: np.ndarray | None,
        starts: list[State] | None,
        max_epochs: int,
    ) -> list[TrainingJob]:
        """Return one job for each member; set what networks are built from.

        Parameters
        ----------
        data : what `fit` was given.
        train, validation : numbers of rows; None for all of the one, none of the other.
        starts : where the members go on from; None if they begin.
        max_epochs : train until this many epochs.
        """
        source = load_source(self) if starts is None else None
        rows, validation_rows, metric = self._encode_rows(data, train, validation, starts is None, source)
        check_mixup(self, self.encoder_)
        task = LearningTask(
            rows,
            validation_rows,
            metric,
            data.held_out is not None,
            self._count_outputs(),
            self._choose_loss(),
        )
        structure = make_structure(self, self.encoder_, rows.table.X.n_features, task.n_outputs, task.loss)
        if starts is not None:
            check_unchanged(self.structure_, structure)
        self.structure_, self.layer_numbers_ = structure, read_layer_numbers(self)
        seeds, members = self._derive_seeds(), self._make_architectures()
        if starts is None and isinstance(members[0].graph, nn.Module):
            check_buffers(structure, members[0].graph)
        jobs = make_member_jobs(make_job(self, task, members[0], self.seed_, max_epochs), seeds, members)
        return start_jobs(self, jobs, members, source) if starts is None else continue_jobs(jobs, starts)

    def _encode_rows(
        self,
        data: FitData,
        train: np.ndarray | None,
        validation: np.ndarray | None,
        first: bool,
        source: FittedNetwork | None,
    ) -> tuple[Rows, Rows | None, ScorerMetric | None]:
        """Return the rows to train and to validate on, and what scores the latter.

        Rows are encoded. On the first call, learn what encodes them.
        """
        Z = self._encode_table(data, train, first, source)
        table = EncodedTable(Z, self._make_targets(data.codes, train, data.sample_weight), data.weight)
        if data.held_out is not None:
            return Rows(table, train), *self._encode_held_out(*data.held_out)
        if validation is None:
            return Rows(table, train), None, None
        weight = None if data.sample_weight is None else data.sample_weight[validation]
        metric = make_scorer_metric(self, self.target_, data.codes[validation], weight)
        return Rows(table, train), Rows(table, validation), metric

    def _encode_table(
        self, data: FitData, train: np.ndarray | None, first: bool, source: FittedNetwork | None
    ) -> Inputs:
        """Return the encoded table; first learn the encoder, or take a source's."""
        if source is not None:  # weights mean something only of inputs that are encoded alike
            self.encoder_ = deepcopy(source.encoder_)
            try:
                Z = encode_cached(self.encoder_, data.X, source)
            except ValueError as error:
                raise ValueError(
                    f"init_from keeps its encoding, for tables of the same columns in the same order, which X does "
                    f"not fit: {error}"
                ) from error
            validate_data(self, data.X, reset=True, skip_check_array=True)
            return Z
        if not first:
            return encode_cached(self.encoder_, data.X, self)
        learn_from = data.sample_weight
        if train is not None:  # rows held out teach the encoder nothing, nor do those that a splitter leaves out
            learn_from = np.zeros(len(data.codes))
            learn_from[train] = 1 if data.sample_weight is None else data.sample_weight[train]
        self.encoder_, Z = learn_cached(make_encoder(self), data.X, learn_from, self)
        return Z

    def _encode_held_out(self, X_val: TableLike, y_val: ArrayLike) -> tuple[Rows, ScorerMetric | None]:
        """Return the caller's rows to validate on, encoded, and what scores them."""
        with name_in_errors("X_val, y_val"):
            check_consistent_length(X_val, y_val)
            codes = self._read_target(y_val, first=False, classes=None)
            weight = scale_weights(self._weigh_rows(codes, None))
            table = EncodedTable(
                encode_cached(self.encoder_, X_val, self), self._make_targets(codes, None, None), weight
            )
        which = find_weighted_rows(weight)
        metric = make_scorer_metric(self, self.target_, codes if which is None else codes[which], None)
        return Rows(table, which), metric

    def _derive_seeds(self) -> list[int]:
        return derive_seeds(self.seed_, len(self.parameters_) if hasattr(self, "parameters_") else self.n_members)

    def _make_architectures(self) -> list[Architecture]:
        """Return the members' networks as fitted, whatever has been set since."""
        return [make_architecture(self.structure_, self.layer_numbers_, seed) for seed in self._derive_seeds()]

    # ---- what classifier and regressor say -------------------------------------------------------------------------

    def _count_outputs(self) -> int:
        raise NotImplementedError

    def _choose_loss(self) -> str | TorchLoss:
        """Return the loss: a name in `training.rules.losses`, or the user's own."""
        raise NotImplementedError

    def _read_target(self, y: ArrayLike, *, first: bool, classes: ArrayLike | None) -> np.ndarray:
        """Return y, checked, as class numbers, an indicator matrix or numbers.

        On the first call learn what they stand for.
        """
        raise NotImplementedError

    def _make_targets(
        self, codes: np.ndarray, train: np.ndarray | None, sample_weight: np.ndarray | None
    ) -> np.ndarray:
        """Return what the network is to give."""
        raise NotImplementedError

    def _weigh_rows(self, codes: np.ndarray, sample_weight: np.ndarray | None) -> np.ndarray | None:
        """Return (n_rows,) what rows weigh in the loss, or None if all the same."""
        return sample_weight

    def _choose_strata(self, codes: np.ndarray) -> np.ndarray | None:
        """Return class numbers, to hold rows out class by class, or None."""
        return None
