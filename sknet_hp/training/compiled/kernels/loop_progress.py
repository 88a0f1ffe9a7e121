"""Places in the float64 array of a training's progress, and of the numbers it needs."""

ENDINGS = ("", "patience", "diverged", "cancelled")
"""What the number at `FINISHED` says; a training that was cancelled has no result."""

EPOCH = 0
STEP = 1
BEST_LOSS = 2
BEST_EPOCH = 3
WAITED = 4
AVERAGED = 5
FACTOR = 6  # of "plateau", on the learning rate
LOWEST = 7
BAD_EPOCHS = 8
FALLEN = 9  # how often
FINISHED = 10
# what does not change
PATIENCE = 11
MIN_DELTA = 12
BETA_1 = 13
BETA_2 = 14
EPS = 15
EMA_DECAY = 16
SWA_START = 17  # an epoch, not a fraction
LOWERS = 18  # whether "plateau" is followed
LR_PATIENCE = 19
LR_GAMMA = 20
LR_MIN_FACTOR = 21
WARM_FROM = 22  # the epoch behind which "plateau" begins
NADAM = 23  # 0.96^0.004
SOUND_AVERAGED = 24  # `AVERAGED` before an epoch
POWERS = 25  # of what moments keep, at a step: of both betas, of `NADAM`, and the product of NAdam's momenta

LENGTH = POWERS + 4
