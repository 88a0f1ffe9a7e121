"""Where checks of networks draw the line.

Unless another origin is named, thresholds were chosen on networks made ill on purpose,
and healthy ones, on five real tables, and confirmed on five others
(`benchmarks/diagnosis.py`).
"""

HIGH_FIRST_LOSS = 1.5
"""First training loss, as a multiple of the constant prediction's: healthy networks are
below 1 after an epoch, since most of an epoch is better than nothing."""

ROUGH_TRAINING = 0.2
"""Roughness of training losses, as a share of the median one."""

ZIGZAG = 0.017
"""The mean step back of validation losses. Healthy networks are below 0.016 in 99 of a
hundred runs."""

ROWS_OF_ZIGZAG = 150
"""Held-out rows from which on it holds. The mean over fewer rows jumps further, by the
square root: with 32 rows, 3 of 40 healthy networks jump further than that, and 18 of 20
ill ones; 14 healthy ones jump by more than 0.017."""

JUMPS_AT_LEAST_OF = 0.25
"""The least loss that jumps are a share of, by the constant prediction's: where nearly
all is learned, jumps that are large beside what is left are no matter."""

LATE_PART = 0.25
"""The share of epochs that counts as the end of a training."""

SLOW_FALL = 0.1
"""Share of the whole fall that comes in the last part, at a rate that is too low.

An even fall has a quarter of it there."""

LEAST_EPOCHS_OF_LOW_RATE = 30
"""Of fewer epochs it is their number that is too small, unless the loss crawls."""

FEWEST_EPOCHS_OF_CRAWLING = 4

FAR_BELOW_USUAL = 20
"""A rate lower than the optimizer's usual one by this factor, at which the loss still
falls after many epochs, is at fault even if the fall slows down."""

STILL_FALLING = 0.0075
"""What a training cut short gained in its last part, by the constant's loss."""

STILL_FALLING_UNDER_SCHEDULE = 0.025
"""Share of the whole fall that came in the second half of a decaying schedule."""

SPENT_RATE = 0.005
"""Part of the highest rate below which a schedule lets nothing be learned: half of what
two drops of "step" leave."""

CRAWLING = 4 * STILL_FALLING
"""The whole fall of fewer epochs, by the constant's loss. Of an even fall that is less,
a quarter is too little for training to count as cut short: the rate is at fault.
"""

FEW_STEPS_PER_EPOCH = 4
FEW_STEPS = 500

"""An epoch of "auto" has 32 steps or more; a training of defaults some thousand."""

FEW_HELD_OUT_ROWS = 25
"""Of fewer, the standard error of a log loss of 0.4 is near 0.1: epochs differ by less.
"""

ENOUGH_HELD_OUT_ROWS = 500
"""Their standard error is near 0.02."""

FEW_MEMBERS = 4
"""Networks that are averaged where the best epoch of one was luck."""

RISEN_LOSS = 0.1
"""How far the validation loss lies above its lowest, with the weights that predict."""

RISEN_LOSS_AFTER_STOPPING = 0.3
"""The same at the end of a training whose best epoch was kept."""

LACKING_FIT = 0.05
WORSE_BY = 0.1
"""Differences of losses, by the constant prediction's."""

RESTRAINTS = {
    "dropout": 0.6,
    "input_dropout": 0.6,
    "residual_dropout": 0.6,
    "weight_decay": 3.0,
    "l1": 0.01,
    "input_noise": 1.0,
}
FEWEST_UNITS = 16
"""Parameters from which on, and width below which, a network is trained beside that is
not held back so."""

POSSIBLE_DIFFERENCE = 1.0
LIKELY_DIFFERENCE = 2.0
SURE_DIFFERENCE = 3.0
"""Standard errors of the difference to a simple model, or to another network."""

MANY_DEAD_UNITS = 0.6
"""Share of a layer's units. Healthy networks with relu have up to a third."""

FEWEST_ROWS_OF_UNITS = 50
"""Of fewer rows, all may lie where a useful rectifier is off."""

VANISHING = 1e-3
EXPLODING = 20.0
"""The gradient at the first layer by that at the last hidden one, at the start.

Networks of usual depth are between 0.08 and 2. Six layers of silu have 0.002, and learn
as well as two; seven of sigmoid have 0.0002 or less."""

SURE_PART = 0.15
"""Share of the rows that are easiest to predict."""

MANY_WRONG_AMONG_SURE = 0.1
"""Share of wrong labels among them, less two standard errors (one of numbers).

Tables as they are have a share up to 0.04, small ones up to 0.1 by chance. If a fifth
to three tenths of the labels are changed, 0.115 or more is left of it."""

MOST_WRONG_LABELS = 0.4
"""How often the commonest class may be wrong because labels are: in a table whose other
classes have a quarter of the rows, with three tenths of its labels changed. Where it is
wrong more often, labels are not why, so predictions no better than it know nothing."""

FEWEST_ROWS_OF_CLASS = 10
HARDLY, SELDOM = 0.05, 0.3
"""How often a class is predicted, by how often it is there.

The latter holds of a class whose probability is too low."""

NO_SEPARATION = 0.1
"""How much more probable a class is in its own rows than in others, by its share."""

UNDERESTIMATED = 0.33
"""A class's mean probability by its share."""
