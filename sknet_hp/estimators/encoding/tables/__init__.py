"""Arrays, dataframes and sparse matrices as tables, read through one interface."""
