"""The loop over the steps and epochs of a training, in one call.

`training.stacked.cohort` does the same with torch.
"""

import numpy as np

from sknet_hp.nets.compiled.kernel import Kernel, inline
from sknet_hp.nets.compiled.kernels.functions import F
from sknet_hp.nets.compiled.kernels.masks import mix_key
from sknet_hp.nets.compiled.machine import flush_subnormals, restore_rounding, view_doubles, view_int64s, view_vector
from sknet_hp.nets.compiled.tape_walk import meet, walk
from sknet_hp.nets.random_bits import DROPOUT
from sknet_hp.training.compiled.kernels import loop_arguments as A
from sknet_hp.training.compiled.kernels import loop_progress as P
from sknet_hp.training.compiled.kernels.epochs import begin_epoch, end_epoch, end_steps
from sknet_hp.training.compiled.kernels.updates import StepNumber
from sknet_hp.training.rules import averaging
from sknet_hp.training.rules.optimizer import Correction

_ema_share = inline(averaging.compute_ema_share)

_NESTEROV, _RECTIFIED = int(Correction.NESTEROV), int(Correction.RECTIFIED)
_EMA_KIND = A.AVERAGINGS["ema"]
_CANCELLED = float(P.ENDINGS.index("cancelled"))

_LR, _DECAY, _EMA = int(StepNumber.LR), int(StepNumber.DECAY), int(StepNumber.EMA)
_FACTOR, _SLOPE, _NEXT = int(StepNumber.FACTOR), int(StepNumber.SLOPE), int(StepNumber.NEXT)
_MIX, _EPS = int(StepNumber.MIX), int(StepNumber.EPS)


@inline
def _set_numbers(arguments, progress, numbers, powers, step, epoch):
    """Write the numbers of a step, and move `powers` on to it."""
    at = (epoch - arguments[A.FIRST_EPOCH]) * arguments[A.STEPS] + step
    lr = view_doubles(arguments[A.LR_AT] + 8 * arguments[A.LR_STRIDE] * at, 1)[0]
    numbers[_LR] = F(lr * progress[P.FACTOR])
    numbers[_DECAY] = F(view_doubles(arguments[A.DECAY_AT] + 8 * arguments[A.DECAY_STRIDE] * at, 1)[0])
    if arguments[A.MIX_AT]:
        numbers[_MIX] = view_vector(arguments[A.MIX_AT] + 4 * at, 1)[0]
    if arguments[A.AVERAGING] == _EMA_KIND:
        numbers[_EMA] = F(_ema_share(progress[P.EMA_DECAY], progress[P.AVERAGED]))
        progress[P.AVERAGED] += 1.0
    _set_corrections(arguments[A.CORRECTION], progress, numbers, powers, progress[P.STEP] + 1.0)


@inline
def _set_corrections(correction, progress, numbers, powers, t):
    """Write the numbers that make up for moments that start at zero, in step t."""
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
def _restore_powers(arguments, progress, numbers):
    """Bring the powers of what moments keep to the step that was trained last."""
    powers = progress[P.POWERS :]
    powers[:] = 1.0
    powers[2] = progress[P.NADAM]
    for t in range(np.int64(progress[P.STEP])):
        _set_corrections(arguments[A.CORRECTION], progress, numbers, powers, t + 1.0)


@inline
def _run_steps(part, parts, arguments, progress, numbers, cursor, barrier, epoch):
    """Run an epoch's steps; return whether none was cancelled."""
    key, cancelled = view_int64s(arguments[A.KEY_AT], 1), view_int64s(arguments[A.CANCELLED_AT], 1)
    of_epoch = mix_key(mix_key(arguments[A.SEED], DROPOUT), epoch)
    for step in range(arguments[A.STEPS]):
        if part == 0:
            if cancelled[0]:
                progress[P.FINISHED] = _CANCELLED
            cursor[0], key[0] = step * arguments[A.BATCH], np.int64(mix_key(of_epoch, step))
            _set_numbers(arguments, progress, numbers, progress[P.POWERS :], step, epoch)
        meet(barrier, parts)
        if progress[P.FINISHED] != 0.0:
            return False
        last = step == arguments[A.STEPS] - 1
        tape = arguments[A.REST_AT] if last else arguments[A.TAPE_AT]
        walk(tape, arguments[A.REST_LENGTH] if last else arguments[A.TAPE_LENGTH], part, parts, barrier)
        if part == 0:
            progress[P.STEP] += 1.0
    return True


@inline
def _validate(part, parts, arguments, cursor, barrier):
    """Run the tapes of validation over all its rows."""
    for begin in range(0, arguments[A.VALIDATION_ROWS], max(1, arguments[A.VALIDATION_BATCH])):
        if part == 0:
            cursor[0] = begin
        meet(barrier, parts)
        last = begin + arguments[A.VALIDATION_BATCH] >= arguments[A.VALIDATION_ROWS]
        tape = arguments[A.VALIDATION_REST_AT] if last else arguments[A.VALIDATION_AT]
        length = arguments[A.VALIDATION_REST_LENGTH] if last else arguments[A.VALIDATION_LENGTH]
        walk(tape, length, part, parts, barrier)


@inline
def _train(part, parts, arguments, progress, barrier, until):
    arguments, progress = view_int64s(arguments, A.LENGTH), view_doubles(progress, P.LENGTH)
    cursor, totals = view_int64s(arguments[A.CURSOR_AT], 1), view_doubles(arguments[A.TOTALS_AT], 3)
    numbers = view_vector(arguments[A.NUMBERS_AT], 16)
    if part == 0:
        _restore_powers(arguments, progress, numbers)
    while progress[P.EPOCH] < until and progress[P.FINISHED] == 0.0:
        epoch = np.int64(progress[P.EPOCH])
        meet(barrier, parts)  # all have read what the first part may change from here on
        if part == 0:
            begin_epoch(arguments, progress, epoch)
        if not _run_steps(part, parts, arguments, progress, numbers, cursor, barrier, epoch):
            return
        if part == 0:
            end_steps(arguments, progress)
        meet(barrier, parts)
        _validate(part, parts, arguments, cursor, barrier)
        if part == 0:
            end_epoch(arguments, progress, totals)
        meet(barrier, parts)


@Kernel
def train(part, parts, arguments, progress, barrier, until):
    """Train until so many epochs are done, or the training ends.

    Each part is a core that works on the same network.
    """
    before = flush_subnormals()
    _train(part, parts, arguments, progress, barrier, until)
    restore_rounding(before)
