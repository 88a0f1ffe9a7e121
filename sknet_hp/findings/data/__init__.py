"""Checks of data: what makes scores of any model too good to be true."""

# Its files, of which each knows those before it: table, case, then the checks, and find, which runs them.

from sknet_hp.findings.data.find import DATA_CHECKS, assume_checked, find_in_data, is_assumed_checked

__all__ = ["DATA_CHECKS", "assume_checked", "find_in_data", "is_assumed_checked"]
