"""From the options of a command to the problem that it works on."""

from dataclasses import replace

from sknet_hp.cli.options import TableOptions
from sknet_hp.cli.tables.loading import BUNDLED_TARGET, read_table
from sknet_hp.cli.tables.problem import Problem, pose_problem
from sknet_hp.cli.tables.roles import drop_rows_without_target, leave_out, sort_by_time, take_groups


def read_problem(options: TableOptions, text_columns: tuple[str, ...] = ()) -> Problem:
    """Read a table, and find out what is to be learned from it.

    Parameters
    ----------
    text_columns : columns of a CSV to read as text, whatever they look like.

    Raises
    ------
    BadInput
        If the table can't be read, or the options do not suit it.
    """
    table, notes = read_table(options.data, list(text_columns))
    target = BUNDLED_TARGET if options.target is None else options.target
    options = replace(options, target=target)
    table = leave_out(table, options.drop, target)
    table, missing = drop_rows_without_target(table, target)
    table, groups = take_groups(sort_by_time(table, options), options)
    problem = pose_problem(table, target, options.task)
    return replace(
        problem,
        X=problem.X.reset_index(drop=True),
        rows=problem.X.index.to_numpy(),
        notes=(*notes, *missing, *problem.notes),
        groups=groups,
        group_column=options.groups,
        time_column=options.time,
    )
