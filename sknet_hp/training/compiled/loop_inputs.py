"""What the compiled loop is given: its arguments, its progress, and tables of rates."""

import numpy as np

from sknet_hp.training.augment import draw_mixing_shares
from sknet_hp.training.cancellation import Cancellation
from sknet_hp.training.compiled.inputs import make_rate_cells
from sknet_hp.training.compiled.kernels import loop_arguments as A
from sknet_hp.training.compiled.kernels import loop_progress as P
from sknet_hp.training.compiled.kernels.updates import StepNumber
from sknet_hp.training.compiled.tapes import TrainingTapes, ValidationTapes
from sknet_hp.training.compiled.workspace import Workspace
from sknet_hp.training.job import TrainingJob
from sknet_hp.training.rules.optimizers import NADAM_DECAY, OPTIMIZERS
from sknet_hp.training.rules.schedules import SLACK, Schedule
from sknet_hp.training.state import Rates, State


def make_progress(job: TrainingJob, state: State, averaged: int, judged_anew: bool) -> np.ndarray:
    """Return the loop's progress at its start, by the places of `loop_progress`.

    Parameters
    ----------
    averaged : weights that the average has seen.
    judged_anew : whether the best epoch so far counts for nothing.
    """
    p = np.zeros(P.LENGTH)
    p[P.EPOCH], p[P.STEP], p[P.WAITED] = state.epoch, state.step, state.waited
    p[P.BEST_LOSS], p[P.BEST_EPOCH] = state.best_loss, 0 if judged_anew else state.best_epoch
    p[P.AVERAGED] = averaged
    p[P.PATIENCE] = np.inf if job.stopping.patience is None else job.stopping.patience
    p[P.MIN_DELTA] = job.stopping.min_delta
    p[P.EMA_DECAY], p[P.SWA_START] = job.averaging.decay, job.averaging.start * job.horizon + SLACK
    schedule, plateau = job.schedule, state.plateau
    lowers = schedule.name == "plateau"
    p[P.FACTOR] = plateau.factor if lowers else 1.0
    p[P.LOWEST], p[P.BAD_EPOCHS], p[P.LOWERS] = plateau.best, plateau.bad_epochs, lowers
    p[P.LR_PATIENCE], p[P.LR_GAMMA] = schedule.patience, schedule.gamma
    p[P.LR_MIN_FACTOR] = schedule.min_factor
    p[P.WARM_FROM] = (schedule.warmup - SLACK) * job.horizon
    p[P.NADAM] = NADAM_DECAY
    return p


class LoopInputs:
    """The arrays that the compiled loop reads and writes, beside a workspace's.

    Attributes
    ----------
    arguments : int64, by the places of `loop_arguments`.
    progress : float64, by the places of `loop_progress`.
    records : (epochs, 3) the training loss, validation loss and accuracy of each epoch.
    drops : epochs after which "plateau" falls, or has fallen.
    """

    def __init__(self, job: TrainingJob, first_epoch: int, workspace: Workspace, progress: np.ndarray):
        self.job, self.first_epoch, self.workspace = job, first_epoch, workspace
        self.progress = progress
        self.arguments = np.zeros(A.LENGTH, np.int64)
        epochs = max(1, job.max_epochs - first_epoch)
        self.records = np.full((epochs, 3), np.nan)
        drops = [*job.schedule.drops, *[0] * epochs] if job.validation is None else [0] * (epochs + 1)
        self.drops = np.array(drops, np.int64)
        self.dropouts = self._make_dropouts(epochs)
        last_epoch = first_epoch + epochs
        self.mixing = draw_mixing_shares(job, range(first_epoch, last_epoch)) if job.mixup_alpha else None
        self._write_arrays()
        self._write_numbers()
        self.write_rates(job.rates)

    def _make_dropouts(self, epochs: int) -> np.ndarray:
        """Return the cells of the layers' rates in each epoch, or once if they stay."""
        job, schedule = self.job, self.job.dropout_schedule
        times = [0.0] if schedule == Schedule() else [(self.first_epoch + e) / job.horizon for e in range(epochs)]
        graph = self.workspace.graph
        cells = [make_rate_cells(graph, job.layer_rates, schedule.compute_factor(t)) for t in times]
        return np.array(cells, np.float32)

    def _write_arrays(self) -> None:
        workspace = self.workspace
        self._write_addresses(
            {
                A.INDEX_AT: workspace.train.numbers,
                A.ORDER_AT: workspace.order,
                A.CURSOR_AT: workspace.cursor,
                A.KEY_AT: workspace.key,
                A.NUMBERS_AT: workspace.numbers,
                A.TOTALS_AT: workspace.totals,
                A.DROPOUT_AT: self.dropouts,
                A.RATES_AT: workspace.rates,
                A.MIX_AT: self.mixing,
                A.FACTORS_AT: workspace.factors,
                A.FACTORS_AFTER_AT: workspace.factors_after,
                A.STATE_AT: workspace.state,
                A.AVERAGE_AT: workspace.average,
                A.SOUND_AT: workspace.sound,
                A.BEST_AT: workspace.best,
                A.VALIDATED_AT: workspace.validated,
                A.HISTORY_AT: self.records,
                A.DROPS_AT: self.drops,
            }
        )

    def _write_addresses(self, arrays: dict[int, np.ndarray | None]) -> None:
        for place, array in arrays.items():
            self.arguments[place] = 0 if array is None else array.ctypes.data

    def _write_numbers(self) -> None:
        job, workspace = self.job, self.workspace
        numbers = {
            A.SEED: job.seed,
            A.ROWS: len(job.train),
            A.BATCH: workspace.rows,
            A.STEPS: job.steps,
            A.SHUFFLE: job.shuffle,
            A.DROPOUT_STRIDE: len(self.dropouts) > 1,
            A.N_RATES: len(workspace.rates),
            A.N_FACTORS: workspace.factors.size,
            A.FACTORS_UNTIL: job.max_epochs + 1 if job.lr_factors_until is None else job.lr_factors_until,
            A.N_PARAMETERS: workspace.n_parameters,
            A.N_BUFFERS: workspace.n_buffers,
            A.N_STATE: len(workspace.state),
            A.JUDGES: job.metric is None,
            A.CORRECTION: OPTIMIZERS[job.optimizer].bias_correction,
            A.AVERAGING: A.AVERAGINGS[job.averaging.kind],
            A.N_DROPS: len(job.schedule.drops) if job.validation is None else 0,
            A.FIRST_EPOCH: self.first_epoch,
        }
        for place, number in numbers.items():
            self.arguments[place] = number

    def connect(self, tapes: TrainingTapes, validation: ValidationTapes | None, cancellation: Cancellation) -> None:
        """Write down which tapes the loop runs, and the flag that ends it."""
        a = self.arguments
        self._write_addresses({A.CANCELLED_AT: cancellation.flag, A.TAPE_AT: tapes.step, A.REST_AT: tapes.last_step})
        a[A.TAPE_LENGTH], a[A.REST_LENGTH] = len(tapes.step), len(tapes.last_step)
        if validation is not None:
            assert self.job.validation is not None
            a[A.VALIDATION_ROWS], a[A.VALIDATION_BATCH] = len(self.job.validation), validation.rows
            self._write_addresses({A.VALIDATION_AT: validation.step, A.VALIDATION_REST_AT: validation.last_step})
            a[A.VALIDATION_LENGTH], a[A.VALIDATION_REST_LENGTH] = len(validation.step), len(validation.last_step)

    def write_rates(self, rates: Rates) -> None:
        """Write down the numbers of the update, which observers may change."""
        job, p, a = self.job, self.progress, self.arguments
        p[P.BETA_1], p[P.BETA_2], p[P.EPS] = rates.beta1, rates.beta2, rates.eps
        rule = OPTIMIZERS[job.optimizer]
        numbers = {
            StepNumber.L1: rates.l1,
            StepNumber.CLIP: 1.0,
            StepNumber.DECOUPLED: (job.decay_mode or rule.decay_mode) == "decoupled",
            StepNumber.MOMENTUM: rates.momentum,
            StepNumber.EPS: rates.eps,
            StepNumber.SHARE_1: 1 - rates.beta1,
            StepNumber.SHARE_2: 1 - getattr(rates, rule.decay_of_squares),
        }
        for place, number in numbers.items():
            self.workspace.numbers[place] = number
        self.workspace.limit[:] = rates.clip
        self.lr = self._make_table(job.schedule, rates.lr)
        self.decay = self._make_table(job.decay_schedule, rates.weight_decay)
        a[A.LR_AT], a[A.LR_STRIDE] = self.lr.ctypes.data, int(self.lr.size > 1)
        a[A.DECAY_AT], a[A.DECAY_STRIDE] = self.decay.ctypes.data, int(self.decay.size > 1)

    def _make_table(self, schedule: Schedule, base: float) -> np.ndarray:
        """Return a rate in each step of all epochs; one number where it stays."""
        job = self.job
        if schedule == Schedule() or (schedule.name == "plateau" and not schedule.warmup):
            return np.array([base])
        epochs, steps = len(self.records), job.steps
        t = (self.first_epoch + np.arange(epochs * steps) / steps) / job.horizon
        return base * schedule.compute_factors(t, 1 / (steps * job.horizon))
