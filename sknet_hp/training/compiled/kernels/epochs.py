"""What begins and ends an epoch: order, averages, early stopping, divergence."""

import numpy as np

from sknet_hp.nets.compiled.kernel import Kernel, inline
from sknet_hp.nets.compiled.kernels.functions import F
from sknet_hp.nets.compiled.kernels.masks import mix_key
from sknet_hp.nets.compiled.machine import copy, get_bits, view_doubles, view_int32s, view_int64s, view_vector
from sknet_hp.nets.random_bits import SHUFFLE
from sknet_hp.training.compiled.kernels import loop_arguments as A
from sknet_hp.training.compiled.kernels import loop_progress as P
from sknet_hp.training.rules import stopping

_improves, _judge_plateau = inline(stopping.improves), inline(stopping.judge_plateau)

_SWA = A.AVERAGINGS["swa"]
_PATIENCE, _DIVERGED = float(P.ENDINGS.index("patience")), float(P.ENDINGS.index("diverged"))


@inline
def _fill_order(n, seed, epoch, shuffled, index, order):
    """Write the order of n rows in an epoch, by Fisher and Yates's shuffle.

    Its random numbers are hashes of seed and epoch. `index` has the rows' numbers in
    the table; it may be 0, for all in order.
    """
    order, rows = view_int32s(order, n), view_int64s(index, n)
    for i in range(n):
        order[i] = np.int32(rows[i] if index else i)
    if shuffled:
        key = mix_key(mix_key(seed, SHUFFLE), epoch)
        for i in range(n - 1, 0, -1):
            bits = mix_key(key, i)
            j = np.int64(((bits >> np.uint64(32)) * np.uint64(i + 1)) >> np.uint64(32))
            order[i], order[j] = order[j], order[i]


@Kernel
def write_order(part, parts, n, seed, epoch, shuffled, index, order):
    """Write the order of rows in an epoch, called from Python."""
    _fill_order(n, seed, epoch, shuffled, index, order)


@inline
def begin_epoch(arguments, progress, epoch):
    """Draw the order of rows, and set what changes between epochs."""
    n = arguments[A.ROWS]
    _fill_order(n, arguments[A.SEED], epoch, arguments[A.SHUFFLE], arguments[A.INDEX_AT], arguments[A.ORDER_AT])
    cells = 2 * arguments[A.N_RATES]
    at = arguments[A.DROPOUT_AT] + 4 * arguments[A.DROPOUT_STRIDE] * cells * (epoch - arguments[A.FIRST_EPOCH])
    copy(view_vector(at, cells), view_vector(arguments[A.RATES_AT], cells))
    if epoch >= arguments[A.FACTORS_UNTIL]:
        n_factors = arguments[A.N_FACTORS]
        copy(view_vector(arguments[A.FACTORS_AFTER_AT], n_factors), view_vector(arguments[A.FACTORS_AT], n_factors))
    copy(
        view_vector(arguments[A.STATE_AT], arguments[A.N_STATE]),
        view_vector(arguments[A.SOUND_AT], arguments[A.N_STATE]),
    )
    progress[P.SOUND_AVERAGED] = progress[P.AVERAGED]
    view_doubles(arguments[A.TOTALS_AT], 3)[:] = 0.0


@inline
def _is_finite(x):
    bad = 0
    for i in range(len(x)):
        bad |= (get_bits(x[i]) & 0x7F800000) == 0x7F800000
    return not bad


@inline
def end_steps(arguments, progress):
    """Update the average of epochs, record the loss, and check that all is finite."""
    epoch = progress[P.EPOCH] + 1.0
    progress[P.EPOCH] = epoch
    n = arguments[A.N_PARAMETERS] + arguments[A.N_BUFFERS]
    weights = view_vector(arguments[A.STATE_AT], n)
    if arguments[A.AVERAGING] == _SWA:
        counted = epoch > progress[P.SWA_START]
        progress[P.AVERAGED] += 1.0 if counted else 0.0
        if counted or progress[P.AVERAGED] == 0.0:  # until there is something to average, the average is what trains
            portion = F(1.0 / max(progress[P.AVERAGED], 1.0))
            average = view_vector(arguments[A.AVERAGE_AT], n)
            for i in range(n):
                average[i] += portion * (weights[i] - average[i])
    totals = view_doubles(arguments[A.TOTALS_AT], 3)
    loss = totals[0] / (totals[1] if totals[1] > 0.0 else 1.0)
    row = np.int64(epoch) - 1 - arguments[A.FIRST_EPOCH]
    view_doubles(arguments[A.HISTORY_AT] + 24 * row, 3)[0] = loss
    ok = np.isfinite(loss) and _is_finite(weights)
    if arguments[A.AVERAGING]:
        ok = ok and _is_finite(view_vector(arguments[A.AVERAGE_AT], n))
    if not ok:
        progress[P.FINISHED] = _DIVERGED
    totals[:] = 0.0


@inline
def _judge(arguments, progress, value, loss, judged):
    """Write down what an epoch's value means: the best, the end, a lower rate.

    The lower the value the better. `loss` is what "plateau" follows. Without rows to
    judge by (`judged`), it falls where the schedule says.
    """
    epoch = progress[P.EPOCH]
    if judged and progress[P.FINISHED] == 0.0:
        if _improves(value, progress[P.BEST_LOSS], progress[P.MIN_DELTA], progress[P.BEST_EPOCH] == 0.0):
            progress[P.BEST_LOSS], progress[P.BEST_EPOCH], progress[P.WAITED] = value, epoch, 0.0
            n = arguments[A.N_PARAMETERS] + arguments[A.N_BUFFERS]
            copy(view_vector(arguments[A.VALIDATED_AT], n), view_vector(arguments[A.BEST_AT], n))
        else:
            progress[P.WAITED] += 1.0
        if progress[P.WAITED] >= progress[P.PATIENCE]:
            progress[P.FINISHED] = _PATIENCE
    if progress[P.LOWERS] == 0.0 or epoch - 1.0 < progress[P.WARM_FROM]:
        return
    drops, fallen = view_int64s(arguments[A.DROPS_AT], arguments[A.N_DROPS] + 1), False
    if judged:
        lowest, bad, fallen = _judge_plateau(loss, progress[P.LOWEST], progress[P.BAD_EPOCHS], progress[P.LR_PATIENCE])
        progress[P.LOWEST], progress[P.BAD_EPOCHS] = lowest, bad
    else:
        for i in range(arguments[A.N_DROPS]):
            fallen = fallen or drops[i] == np.int64(epoch)
    if fallen:
        progress[P.FACTOR] = max(progress[P.LR_MIN_FACTOR], progress[P.FACTOR] * progress[P.LR_GAMMA])
        progress[P.BAD_EPOCHS] = 0.0
        if judged:
            drops[np.int64(progress[P.FALLEN])] = np.int64(epoch)
        progress[P.FALLEN] += 1.0


@Kernel
def judge(part, parts, arguments, progress, value, loss):
    """Judge an epoch that was scored in Python.

    `value` and `loss` are addresses of float64.
    """
    _judge(
        view_int64s(arguments, A.LENGTH),
        view_doubles(progress, P.LENGTH),
        view_doubles(value, 1)[0],
        view_doubles(loss, 1)[0],
        True,
    )


@inline
def end_epoch(arguments, progress, totals):
    """Record the scores, judge them, and undo an epoch that diverged."""
    row = view_doubles(arguments[A.HISTORY_AT] + 24 * (np.int64(progress[P.EPOCH]) - 1 - arguments[A.FIRST_EPOCH]), 3)
    validated = arguments[A.VALIDATION_ROWS] > 0
    if validated:
        weight = totals[1] if totals[1] > 0.0 else 1.0
        row[1], row[2] = totals[0] / weight, totals[2] / weight
    if arguments[A.JUDGES]:
        _judge(arguments, progress, row[1], row[1], validated)
    if progress[P.FINISHED] == _DIVERGED:  # diverged: what was before this epoch is kept
        copy(
            view_vector(arguments[A.SOUND_AT], arguments[A.N_STATE]),
            view_vector(arguments[A.STATE_AT], arguments[A.N_STATE]),
        )
        progress[P.AVERAGED] = progress[P.SOUND_AVERAGED]
