"""Training: jobs, batches, rules, and two ways to run them.

Compiled on the CPU, one network at a time; as stacks of networks by torch elsewhere.
"""
