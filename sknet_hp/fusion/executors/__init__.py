"""Where a bundle trains: on a GPU of this process, on a Dask or a Ray cluster. One file
for each place, one interface for all: `Executor`.
"""
