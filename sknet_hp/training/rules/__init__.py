"""Losses, optimizers, schedules, stopping and averaging: what all ways of training go
by.
"""
