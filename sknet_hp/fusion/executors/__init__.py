"""Where a bundle trains: here, in a process of loky's, on a Dask or a Ray cluster. One file for each place, one interface for all: `Executor`."""
