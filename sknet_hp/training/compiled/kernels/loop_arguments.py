"""Places in the int64 array of the loop's arguments; those named _AT hold addresses."""

AVERAGINGS = {"none": 0, "ema": 1, "swa": 2}
"""What stands for each kind of averaging at `AVERAGING`."""

CANCELLED_AT = 0  # int64, set by whoever cancels the training
SEED = 1
ROWS = 2  # to train on
BATCH = 3
STEPS = 4
SHUFFLE = 5
INDEX_AT = 6  # int64, their numbers in the table; 0 for all
ORDER_AT = 7  # int32, those of an epoch
CURSOR_AT = 8
KEY_AT = 9
NUMBERS_AT = 10
TAPE_AT = 11
TAPE_LENGTH = 12
REST_AT = 13  # the tape of an epoch's last step
REST_LENGTH = 14
TOTALS_AT = 15  # float64, of `losses.tally`
VALIDATION_ROWS = 16  # rows to validate on
VALIDATION_BATCH = 17
VALIDATION_AT = 18  # tapes
VALIDATION_LENGTH = 19
VALIDATION_REST_AT = 20
VALIDATION_REST_LENGTH = 21
LR_AT = 22  # float64 for each epoch and step, or a single one
LR_STRIDE = 23  # 0 for a single one
DECAY_AT = 24
DECAY_STRIDE = 25
DROPOUT_AT = 26  # the cells of `masks.encode_dropout_rate`, for each epoch
DROPOUT_STRIDE = 27
N_RATES = 28
RATES_AT = 29
MIX_AT = 30  # float32 for each epoch and step, or 0
FACTORS_AT = 31  # float32, of tensors on their learning rates and decays
FACTORS_AFTER_AT = 32  # those from epoch `FACTORS_UNTIL` on
N_FACTORS = 33
FACTORS_UNTIL = 34
STATE_AT = 35  # float32: parameters, buffers, memories of the optimizer
N_PARAMETERS = 36
N_BUFFERS = 37
N_STATE = 38  # all of it, averages included
AVERAGE_AT = 39  # of parameters, then of buffers; 0 for none
SOUND_AT = 40  # a copy of the state before an epoch
BEST_AT = 41  # parameters and buffers of the best epoch
VALIDATED_AT = 42  # what is validated: the average, or parameters and buffers themselves
HISTORY_AT = 43  # float64, (epochs, 3): training loss, validation loss, accuracy
JUDGES = 44  # whether epochs are judged here
CORRECTION = 45
AVERAGING = 46
DROPS_AT = 47  # int64, epochs after which "plateau" falls, or has fallen
N_DROPS = 48
FIRST_EPOCH = 49  # how many epochs lie behind the first of those tables

LENGTH = FIRST_EPOCH + 1
