"""Losses, optimizers, schedules, stopping and averaging, for all ways of training."""
