"""Whole epochs in one call: order, steps, averages, validation, and what follows from
an epoch. `training.cohort` does the same with torch.
"""

import numpy as np

from sknet_hp.nets.compiled.kernel import Kernel, inline
from sknet_hp.nets.compiled.kernels.functions import F
from sknet_hp.nets.compiled.kernels.pointwise import mix_key
from sknet_hp.nets.compiled.machine import (
    copy,
    float_to_bits,
    flush_subnormals,
    meet,
    restore_rounding,
    view_doubles,
    view_int32s,
    view_int64s,
    view_vector,
    walk,
)
from sknet_hp.nets.random_bits import DROPOUT, SHUFFLE
from sknet_hp.training.compiled import loop_arguments as A
from sknet_hp.training.compiled import loop_progress as P
from sknet_hp.training.compiled.updates import StepNumber
from sknet_hp.training.rules import averaging, stopping
from sknet_hp.training.rules.optimizer import Correction

FINISHED = ("", "patience", "diverged", "cancelled")
"""What `progress.FINISHED` counts; the last is no end of the training."""

_NESTEROV, _RECTIFIED = int(Correction.NESTEROV), int(Correction.RECTIFIED)

_improves, _judge_plateau, _ema_share = (
    inline(stopping.improves),
    inline(stopping.judge_plateau),
    inline(averaging.compute_ema_share),
)

_LR, _DECAY, _EMA, _FACTOR, _SLOPE, _NEXT, _MIX, _EPS = map(
    int,
    (
        StepNumber.LR,
        StepNumber.DECAY,
        StepNumber.EMA,
        StepNumber.FACTOR,
        StepNumber.SLOPE,
        StepNumber.NEXT,
        StepNumber.MIX,
        StepNumber.EPS,
    ),
)


@inline
def _fill_order(n, seed, epoch, shuffled, index, order):
    """Fill in the order of n rows in an epoch: Fisher and Yates's shuffle, by a key of
    seed and epoch. `index` may be 0, for all rows in order.
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
    """`_fill_order`, for those who are not compiled."""
    _fill_order(n, seed, epoch, shuffled, index, order)


@inline
def _set_numbers(arguments, progress, numbers, powers, step, epoch):
    """Write the numbers of a step into `numbers`; `powers` are those of what moments keep."""
    at = (epoch - arguments[A.FIRST_EPOCH]) * arguments[A.STEPS] + step
    lr = view_doubles(arguments[A.LR_AT] + 8 * arguments[A.LR_STRIDE] * at, 1)[0]
    numbers[_LR] = F(lr * progress[P.FACTOR])
    numbers[_DECAY] = F(view_doubles(arguments[A.DECAY_AT] + 8 * arguments[A.DECAY_STRIDE] * at, 1)[0])
    if arguments[A.MIX_AT]:
        numbers[_MIX] = view_vector(arguments[A.MIX_AT] + 4 * at, 1)[0]
    if arguments[A.AVERAGING] == 1:
        numbers[_EMA] = F(_ema_share(progress[P.EMA_DECAY], progress[P.AVERAGED]))
        progress[P.AVERAGED] += 1.0
    _set_corrections(arguments[A.CORRECTION], progress, numbers, powers, progress[P.STEP] + 1.0)


@inline
def _set_corrections(correction, progress, numbers, powers, t):
    """What makes up for moments that start at zero."""
    if correction == 0:
        return
    beta1, beta2 = progress[P.BETA_1], progress[P.BETA_2]
    powers[0] *= beta1
    powers[1] *= beta2
    correction1, correction2 = 1.0 - powers[0], np.sqrt(1.0 - powers[1])
    numbers[_FACTOR], numbers[_SLOPE] = F(1.0 / correction1), F(1.0 / correction2)
    if correction == _NESTEROV:
        momentum = beta1 * (1.0 - 0.5 * powers[2])
        powers[2] *= progress[P.NADAM]
        following = beta1 * (1.0 - 0.5 * powers[2])
        powers[3] *= momentum
        numbers[_NEXT], numbers[_FACTOR] = (
            F((1.0 - momentum) / (1.0 - powers[3])),
            F(following / (1.0 - powers[3] * following)),
        )
    elif correction == _RECTIFIED:
        end = 2.0 / (1.0 - beta2) - 1.0
        length = end - 2.0 * t * powers[1] / (1.0 - powers[1])
        if length > 5.0:
            rectification = np.sqrt((length - 4.0) * (length - 2.0) * end / ((end - 4.0) * (end - 2.0) * length))
            numbers[_FACTOR], numbers[_SLOPE], numbers[_EPS] = (
                F(rectification * correction2 / correction1),
                F(1),
                F(progress[P.EPS]),
            )
        else:  # a step of momentum alone
            numbers[_SLOPE], numbers[_EPS] = F(0), F(1)


@inline
def _begin_epoch(arguments, progress, epoch):
    """Draw the order, and set what changes between epochs."""
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
def _finite(x):
    bad = 0
    for i in range(len(x)):
        bad |= (float_to_bits(x[i]) & 0x7F800000) == 0x7F800000
    return not bad


@inline
def _end_steps(arguments, progress):
    """What follows an epoch's steps: its average, its loss, whether all is finite."""
    epoch = progress[P.EPOCH] + 1.0
    progress[P.EPOCH] = epoch
    n = arguments[A.N_PARAMETERS] + arguments[A.N_BUFFERS]
    weights = view_vector(arguments[A.STATE_AT], n)
    if arguments[A.AVERAGING] == 2:
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
    ok = np.isfinite(loss) and _finite(weights)
    if arguments[A.AVERAGING]:
        ok = ok and _finite(view_vector(arguments[A.AVERAGE_AT], n))
    if not ok:
        progress[P.FINISHED] = 2.0
    totals[:] = 0.0


@inline
def _judge(arguments, progress, value, loss, judged):
    """Whether an epoch of that value, the lower the better, is the best, whether to
    stop, and whether the learning rate should fall.
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
            progress[P.FINISHED] = 1.0
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
    """`_judge`, for epochs that are scored by something that is not compiled; `value`
    and `loss` are addresses of float64.
    """
    _judge(
        view_int64s(arguments, A.LENGTH),
        view_doubles(progress, P.LENGTH),
        view_doubles(value, 1)[0],
        view_doubles(loss, 1)[0],
        True,
    )


@inline
def _end_epoch(arguments, progress, totals):
    """Note the scores, and what follows from them."""
    row = view_doubles(arguments[A.HISTORY_AT] + 24 * (np.int64(progress[P.EPOCH]) - 1 - arguments[A.FIRST_EPOCH]), 3)
    validated = arguments[A.VALIDATION_ROWS] > 0
    if validated:
        weight = totals[1] if totals[1] > 0.0 else 1.0
        row[1], row[2] = totals[0] / weight, totals[2] / weight
    if arguments[A.JUDGES]:
        _judge(arguments, progress, row[1], row[1], validated)
    if progress[P.FINISHED] == 2.0:  # diverged: what was before this epoch is kept
        copy(
            view_vector(arguments[A.SOUND_AT], arguments[A.N_STATE]),
            view_vector(arguments[A.STATE_AT], arguments[A.N_STATE]),
        )
        progress[P.AVERAGED] = progress[P.SOUND_AVERAGED]


@inline
def _train(part, parts, arguments, progress, barrier, until):
    arguments, progress = view_int64s(arguments, A.LENGTH), view_doubles(progress, P.LENGTH)
    cursor, key, numbers = (
        view_int64s(arguments[A.CURSOR_AT], 1),
        view_int64s(arguments[A.KEY_AT], 1),
        view_vector(arguments[A.NUMBERS_AT], 16),
    )
    cancelled, totals, powers = (
        view_int64s(arguments[A.CANCELLED_AT], 1),
        view_doubles(arguments[A.TOTALS_AT], 3),
        progress[P.POWERS :],
    )
    if part == 0:
        powers[:] = 1.0
        powers[2] = progress[P.NADAM]
        for t in range(np.int64(progress[P.STEP])):
            _set_corrections(arguments[A.CORRECTION], progress, numbers, powers, t + 1.0)
    while progress[P.EPOCH] < until and progress[P.FINISHED] == 0.0:
        epoch = np.int64(progress[P.EPOCH])
        meet(barrier, parts)  # all have read what the first part may change from here on
        if part == 0:
            _begin_epoch(arguments, progress, epoch)
            of_epoch = mix_key(mix_key(arguments[A.SEED], DROPOUT), epoch)
        for step in range(arguments[A.STEPS]):
            if part == 0:
                if cancelled[0]:
                    progress[P.FINISHED] = 3.0
                cursor[0], key[0] = step * arguments[A.BATCH], np.int64(mix_key(of_epoch, step))
                _set_numbers(arguments, progress, numbers, powers, step, epoch)
            meet(barrier, parts)
            if progress[P.FINISHED] != 0.0:
                return
            last = step == arguments[A.STEPS] - 1
            tape = arguments[A.REST_AT] if last else arguments[A.TAPE_AT]
            walk(tape, arguments[A.REST_LENGTH] if last else arguments[A.TAPE_LENGTH], part, parts, barrier)
            if part == 0:
                progress[P.STEP] += 1.0
        if part == 0:
            _end_steps(arguments, progress)
        meet(barrier, parts)
        for begin in range(0, arguments[A.VALIDATION_ROWS], max(1, arguments[A.VALIDATION_BATCH])):
            if part == 0:
                cursor[0] = begin
            meet(barrier, parts)
            last = begin + arguments[A.VALIDATION_BATCH] >= arguments[A.VALIDATION_ROWS]
            tape = arguments[A.VALIDATION_REST_AT] if last else arguments[A.VALIDATION_AT]
            walk(
                tape,
                arguments[A.VALIDATION_REST_LENGTH] if last else arguments[A.VALIDATION_LENGTH],
                part,
                parts,
                barrier,
            )
        if part == 0:
            _end_epoch(arguments, progress, totals)
        meet(barrier, parts)


@Kernel
def train(part, parts, arguments, progress, barrier, until):
    """Train until so many epochs lie behind, or the training ends; each part is a core
    that works on the same network.
    """
    before = flush_subnormals()
    _train(part, parts, arguments, progress, barrier, until)
    restore_rounding(before)
