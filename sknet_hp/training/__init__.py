"""How networks are trained: jobs, batches, schedules, losses, optimizers; compiled on
the CPU, as stacks on a GPU.
"""
