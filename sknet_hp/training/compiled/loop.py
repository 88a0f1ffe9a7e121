"""Whole epochs in one call: order, steps, averages, validation, and what follows from
an epoch. `training.cohort` does the same with torch.
"""

import numpy as np

from sknet_hp.nets.compiled.kernel import inline, kernel
from sknet_hp.nets.compiled.kernels.functions import F
from sknet_hp.nets.compiled.kernels.pointwise import mixed
from sknet_hp.nets.compiled.machine import (
    as_bits,
    copy,
    doubles,
    flush_subnormals,
    int32s,
    integers,
    meet,
    restore,
    vector,
    walk,
)
from sknet_hp.nets.random_bits import DROPOUT, SHUFFLE
from sknet_hp.training.compiled import course as C
from sknet_hp.training.compiled import plan as P
from sknet_hp.training.compiled.updates import Now
from sknet_hp.training.rules import averaging, stopping

FINISHED = ("", "patience", "diverged", "cancelled")
"""What `course.FINISHED` counts; the last is no end of the training."""

RULES = {"adam": 1, "adamw": 1, "nadam": 2, "radam": 3}
"""Update rules whose numbers follow from the number of the step."""


_improves, _after, _ema_share = inline(stopping.improves), inline(stopping.after), inline(averaging.ema_share)

_LR, _DECAY, _EMA, _FACTOR, _SLOPE, _NEXT, _MIX, _EPS = map(
    int, (Now.LR, Now.DECAY, Now.EMA, Now.FACTOR, Now.SLOPE, Now.NEXT, Now.MIX, Now.EPS)
)


@inline
def draw_order(n, seed, epoch, shuffled, index, order):
    """Fill in the order of n rows in an epoch: Fisher and Yates's shuffle, by a key of
    seed and epoch. `index` may be 0, for all rows in order.
    """
    order, rows = int32s(order, n), integers(index, n)
    for i in range(n):
        order[i] = np.int32(rows[i] if index else i)
    if shuffled:
        key = mixed(mixed(seed, SHUFFLE), epoch)
        for i in range(n - 1, 0, -1):
            bits = mixed(key, i)
            j = np.int64(((bits >> np.uint64(32)) * np.uint64(i + 1)) >> np.uint64(32))
            order[i], order[j] = order[j], order[i]


@kernel
def order_of_epoch(part, parts, n, seed, epoch, shuffled, index, order):
    """`draw_order`, for those who are not compiled."""
    draw_order(n, seed, epoch, shuffled, index, order)


@inline
def _set_numbers(plan, course, now, powers, step, epoch):
    """Write the numbers of a step into `now`; `powers` are those of what moments keep."""
    at = (epoch - plan[P.FIRST_EPOCH]) * plan[P.STEPS] + step
    lr = doubles(plan[P.LR_AT] + 8 * plan[P.LR_STRIDE] * at, 1)[0]
    now[_LR] = F(lr * course[C.FACTOR])
    now[_DECAY] = F(doubles(plan[P.DECAY_AT] + 8 * plan[P.DECAY_STRIDE] * at, 1)[0])
    if plan[P.MIX_AT]:
        now[_MIX] = vector(plan[P.MIX_AT] + 4 * at, 1)[0]
    if plan[P.AVERAGING] == 1:
        now[_EMA] = F(_ema_share(course[C.EMA_DECAY], course[C.AVERAGED]))
        course[C.AVERAGED] += 1.0
    _set_corrections(plan[P.RULE], course, now, powers, course[C.STEP] + 1.0)


@inline
def _set_corrections(rule, course, now, powers, t):
    """What makes up for moments that start at zero."""
    if rule == 0:
        return
    beta1, beta2 = course[C.BETA_1], course[C.BETA_2]
    powers[0] *= beta1
    powers[1] *= beta2
    correction1, correction2 = 1.0 - powers[0], np.sqrt(1.0 - powers[1])
    now[_FACTOR], now[_SLOPE] = F(1.0 / correction1), F(1.0 / correction2)
    if rule == 2:
        momentum = beta1 * (1.0 - 0.5 * powers[2])
        powers[2] *= course[C.NADAM]
        following = beta1 * (1.0 - 0.5 * powers[2])
        powers[3] *= momentum
        now[_NEXT], now[_FACTOR] = F((1.0 - momentum) / (1.0 - powers[3])), F(following / (1.0 - powers[3] * following))
    elif rule == 3:
        end = 2.0 / (1.0 - beta2) - 1.0
        length = end - 2.0 * t * powers[1] / (1.0 - powers[1])
        if length > 5.0:
            rectification = np.sqrt((length - 4.0) * (length - 2.0) * end / ((end - 4.0) * (end - 2.0) * length))
            now[_FACTOR], now[_SLOPE], now[_EPS] = F(rectification * correction2 / correction1), F(1), F(course[C.EPS])
        else:  # a step of momentum alone
            now[_SLOPE], now[_EPS] = F(0), F(1)


@inline
def _begin_epoch(plan, course, epoch):
    """Draw the order, and set what changes between epochs."""
    n = plan[P.ROWS]
    draw_order(n, plan[P.SEED], epoch, plan[P.SHUFFLE], plan[P.INDEX_AT], plan[P.ORDER_AT])
    cells = 2 * plan[P.N_RATES]
    at = plan[P.DROPOUT_AT] + 4 * plan[P.DROPOUT_STRIDE] * cells * (epoch - plan[P.FIRST_EPOCH])
    copy(vector(at, cells), vector(plan[P.RATES_AT], cells))
    if epoch >= plan[P.FACTORS_UNTIL]:
        n_factors = plan[P.N_FACTORS]
        copy(vector(plan[P.FACTORS_AFTER_AT], n_factors), vector(plan[P.FACTORS_AT], n_factors))
    copy(vector(plan[P.STATE_AT], plan[P.N_STATE]), vector(plan[P.SOUND_AT], plan[P.N_STATE]))
    course[C.SOUND_AVERAGED] = course[C.AVERAGED]
    doubles(plan[P.TOTALS_AT], 3)[:] = 0.0


@inline
def _finite(x):
    bad = 0
    for i in range(len(x)):
        bad |= (as_bits(x[i]) & 0x7F800000) == 0x7F800000
    return not bad


@inline
def _end_steps(plan, course):
    """What follows an epoch's steps: its average, its loss, whether all is finite."""
    epoch = course[C.EPOCH] + 1.0
    course[C.EPOCH] = epoch
    n = plan[P.N_PARAMETERS] + plan[P.N_BUFFERS]
    weights = vector(plan[P.STATE_AT], n)
    if plan[P.AVERAGING] == 2:
        counted = epoch > course[C.SWA_START]
        course[C.AVERAGED] += 1.0 if counted else 0.0
        if counted or course[C.AVERAGED] == 0.0:  # until there is something to average, the average is what trains
            portion = F(1.0 / max(course[C.AVERAGED], 1.0))
            average = vector(plan[P.AVERAGE_AT], n)
            for i in range(n):
                average[i] += portion * (weights[i] - average[i])
    totals = doubles(plan[P.TOTALS_AT], 3)
    loss = totals[0] / (totals[1] if totals[1] > 0.0 else 1.0)
    row = np.int64(epoch) - 1 - plan[P.FIRST_EPOCH]
    doubles(plan[P.HISTORY_AT] + 24 * row, 3)[0] = loss
    ok = np.isfinite(loss) and _finite(weights)
    if plan[P.AVERAGING]:
        ok = ok and _finite(vector(plan[P.AVERAGE_AT], n))
    if not ok:
        course[C.FINISHED] = 2.0
    totals[:] = 0.0


@inline
def _judge(plan, course, value, loss, judged):
    """Whether an epoch of that value, the lower the better, is the best, whether to
    stop, and whether the learning rate should fall.
    """
    epoch = course[C.EPOCH]
    if judged and course[C.FINISHED] == 0.0:
        if _improves(value, course[C.BEST_LOSS], course[C.MIN_DELTA], course[C.BEST_EPOCH] == 0.0):
            course[C.BEST_LOSS], course[C.BEST_EPOCH], course[C.WAITED] = value, epoch, 0.0
            n = plan[P.N_PARAMETERS] + plan[P.N_BUFFERS]
            copy(vector(plan[P.SHOWN_AT], n), vector(plan[P.BEST_AT], n))
        else:
            course[C.WAITED] += 1.0
        if course[C.WAITED] >= course[C.PATIENCE]:
            course[C.FINISHED] = 1.0
    if course[C.LOWERS] == 0.0 or epoch - 1.0 < course[C.WARM_FROM]:
        return
    drops, fallen = integers(plan[P.DROPS_AT], plan[P.N_DROPS] + 1), False
    if judged:
        lowest, bad, fallen = _after(loss, course[C.LOWEST], course[C.BAD_EPOCHS], course[C.LR_PATIENCE])
        course[C.LOWEST], course[C.BAD_EPOCHS] = lowest, bad
    else:
        for i in range(plan[P.N_DROPS]):
            fallen = fallen or drops[i] == np.int64(epoch)
    if fallen:
        course[C.FACTOR] = max(course[C.LR_MIN_FACTOR], course[C.FACTOR] * course[C.LR_GAMMA])
        course[C.BAD_EPOCHS] = 0.0
        if judged:
            drops[np.int64(course[C.FALLEN])] = np.int64(epoch)
        course[C.FALLEN] += 1.0


@kernel
def judge(part, parts, plan, course, value, loss):
    """`_judge`, for epochs that are scored by something that is not compiled; `value`
    and `loss` are addresses of float64.
    """
    _judge(integers(plan, P.LENGTH), doubles(course, C.LENGTH), doubles(value, 1)[0], doubles(loss, 1)[0], True)


@inline
def _end_epoch(plan, course, totals):
    """Note the scores, and what follows from them."""
    row = doubles(plan[P.HISTORY_AT] + 24 * (np.int64(course[C.EPOCH]) - 1 - plan[P.FIRST_EPOCH]), 3)
    validated = plan[P.VALIDATED] > 0
    if validated:
        weight = totals[1] if totals[1] > 0.0 else 1.0
        row[1], row[2] = totals[0] / weight, totals[2] / weight
    if plan[P.JUDGES]:
        _judge(plan, course, row[1], row[1], validated)
    if course[C.FINISHED] == 2.0:  # diverged: what was before this epoch is kept
        copy(vector(plan[P.SOUND_AT], plan[P.N_STATE]), vector(plan[P.STATE_AT], plan[P.N_STATE]))
        course[C.AVERAGED] = course[C.SOUND_AVERAGED]


@inline
def _train(part, parts, plan, course, barrier, until):
    plan, course = integers(plan, P.LENGTH), doubles(course, C.LENGTH)
    cursor, key, now = integers(plan[P.CURSOR_AT], 1), integers(plan[P.KEY_AT], 1), vector(plan[P.NOW_AT], 16)
    cancelled, totals, powers = integers(plan[P.CANCELLED_AT], 1), doubles(plan[P.TOTALS_AT], 3), course[C.POWERS :]
    if part == 0:
        powers[:] = 1.0
        powers[2] = course[C.NADAM]
        for t in range(np.int64(course[C.STEP])):
            _set_corrections(plan[P.RULE], course, now, powers, t + 1.0)
    while course[C.EPOCH] < until and course[C.FINISHED] == 0.0:
        epoch = np.int64(course[C.EPOCH])
        meet(barrier, parts)  # all have read what the first part may change from here on
        if part == 0:
            _begin_epoch(plan, course, epoch)
            of_epoch = mixed(mixed(plan[P.SEED], DROPOUT), epoch)
        for step in range(plan[P.STEPS]):
            if part == 0:
                if cancelled[0]:
                    course[C.FINISHED] = 3.0
                cursor[0], key[0] = step * plan[P.BATCH], np.int64(mixed(of_epoch, step))
                _set_numbers(plan, course, now, powers, step, epoch)
            meet(barrier, parts)
            if course[C.FINISHED] != 0.0:
                return
            last = step == plan[P.STEPS] - 1
            tape = plan[P.REST_AT] if last else plan[P.TAPE_AT]
            walk(tape, plan[P.REST_LENGTH] if last else plan[P.TAPE_LENGTH], part, parts, barrier)
            if part == 0:
                course[C.STEP] += 1.0
        if part == 0:
            _end_steps(plan, course)
        meet(barrier, parts)
        for begin in range(0, plan[P.VALIDATED], max(1, plan[P.VALIDATION_BATCH])):
            if part == 0:
                cursor[0] = begin
            meet(barrier, parts)
            last = begin + plan[P.VALIDATION_BATCH] >= plan[P.VALIDATED]
            tape = plan[P.VALIDATION_REST_AT] if last else plan[P.VALIDATION_AT]
            walk(tape, plan[P.VALIDATION_REST_LENGTH] if last else plan[P.VALIDATION_LENGTH], part, parts, barrier)
        if part == 0:
            _end_epoch(plan, course, totals)
        meet(barrier, parts)


@kernel
def train(part, parts, plan, course, barrier, until):
    """Train until so many epochs lie behind, or the training ends; each part is a core
    that works on the same network.
    """
    before = flush_subnormals()
    _train(part, parts, plan, course, barrier, until)
    restore(before)
