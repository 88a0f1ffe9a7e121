"""The learning-rate range test."""

# settings (what a test trains, and on which rows), networks (the trainings), suggestions (pure functions from
# losses to rates), ramp, result, and range_test, which is the call.
