"""Where a bundle trains: a GPU of this process, a Dask or a Ray cluster.

One file for each place, one interface for all: `Executor`.
"""
