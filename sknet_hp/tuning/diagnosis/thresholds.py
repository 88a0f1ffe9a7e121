"""Where checks of networks draw the line.

Unless another origin is named, thresholds were chosen on networks made ill on purpose,
and healthy ones, on five real tables, and confirmed on five others
(`benchmarks/diagnosis.py`).
"""

HIGH_FIRST_LOSS = 1.5
"""First training loss, as a multiple of the constant prediction's: healthy networks are
below 1 after an epoch, since most of an epoch is better than nothing."""

ROUGH_TRAINING = 0.2
ROUGH_VALIDATION = 0.08
"""Roughness of losses, as a share of the median one."""

LATE_PART = 0.25
"""The share of epochs that counts as the end of a training."""

SLOW_FALL = 0.1
"""Share of the whole fall that comes in the last part, at a rate that is too low.

An even fall has a quarter of it there."""

LEAST_EPOCHS_OF_LOW_RATE = 30
"""Of fewer epochs it is their number that is too small."""

STILL_FALLING = 0.02
"""Share of the loss that was gained in the last part of a training cut short."""

STILL_FALLING_UNDER_SCHEDULE = 0.05
"""Share of the whole fall that came in the second half of a decaying schedule."""

FEW_STEPS_PER_EPOCH = 4
FEW_STEPS = 500

FEW_HELD_OUT_ROWS = 25

RISEN_LOSS = 0.1
"""How far the validation loss lies above its lowest, with the weights that predict."""

RISEN_LOSS_AFTER_STOPPING = 0.3
"""The same at the end of a training whose best epoch was kept."""

SMALL_GENERALISATION_GAP = 0.1
LARGE_GAP_TO_BASELINE = 0.1
WORSE_BY = 0.1
"""Losses by the constant prediction's."""

SURE_DIFFERENCE = 3.0
"""Standard errors."""

MANY_DEAD_UNITS = 0.3
VANISHING = 1e-2
EXPLODING = 20.0

SURE_PART = 0.15
MANY_WRONG_AMONG_SURE = 0.1
FEWEST_ROWS_OF_CLASS = 10
NO_SEPARATION = 0.6
UNDERESTIMATED = 0.33
