"""Rounding that keeps a table closed (尾差处理): what is printed adds up, in each column and along each line.

Rounding each number by itself leaves a table that is off by one in its last digit, and the first thing an auditor does
is to add it up. Cases: tests/measurement/test_closing.py.
"""

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.sparse import csr_array


class DoesNotClose(ValueError):
    """The table does not close before rounding: a movement is missing, and no rounding may hide that."""

    def __init__(self, column: int, gap_tc: float) -> None:
        self.column = column
        self.gap_tc = gap_tc
        super().__init__(
            f"Column {column} of the table is off by {gap_tc:g} tC before rounding. Find the movement it lacks."
        )


def require_closing(table: npt.NDArray[np.float64], *, step_tc: float) -> None:
    """Refuse a table that `round_closing` would refuse: one column, or all together, is off or no number.

    Parameters
    ----------
    table : (m, n) float, [tC]
    step_tc : float, [tC], > 0

    Raises
    ------
    DoesNotClose
    """
    _gaps(np.column_stack([table, table.sum(axis=1)]) / step_tc, step_tc=step_tc)


def _gaps(steps: npt.NDArray[np.float64], *, step_tc: float) -> npt.NDArray[np.float64]:
    """Return what each column is off by, in steps of the last digit; refuse a tenth of a step, and what is no number.

    A stock of 1e300 swallows every movement, and two infinite ones have no difference: neither is a table.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        gaps = steps[0] + steps[1:-1].sum(axis=0) - steps[-1]
    worst = int(np.abs(gaps).argmax())
    if not abs(gaps[worst]) < 0.1:
        raise DoesNotClose(worst, float(gaps[worst] * step_tc))
    return np.asarray(gaps)


def round_closing(table: npt.NDArray[np.float64], *, step_tc: float) -> npt.NDArray[np.float64]:
    """Round a closing table so that the rounded one closes too.

    Every number goes to one of its two neighbours in the last digit, never farther; among all such tables the one
    nearest to the exact numbers is taken. With one column this is the method of the largest remainder.

    Parameters
    ----------
    table : (m, n) float
        Lines down, places across: the first line is the stock before, the last the stock after, the others are
        movements, and first + Σ movements = last in each column. The place that all columns make together is not in
        it: it is the sum of the rounded columns.
    step_tc : float, [tC], > 0
        One step of the last printed digit, in tC like the table.

    Returns
    -------
    (m, n + 1) float
        Multiples of the step_tc; the last column is the total, which lies within one step of the exact one too.

    Raises
    ------
    DoesNotClose
        The exact table is off by a tenth of the step_tc or more.

    Notes
    -----
    Controlled rounding. The sums that must hold make the incidence matrix of a network, so the vertices of the linear
    program are whole numbers. Source: L. H. Cox, A constructive procedure for unbiased controlled rounding, Journal of
    the American Statistical Association 82 (1987) (mark B, not read).

    Examples
    --------
    >>> stock_grew = np.array([[10.40], [0.45], [0.35], [11.20]])
    >>> round_closing(stock_grew, step_tc=1.0)[:, 0]
    array([10.,  1.,  0., 11.])
    """
    steps = np.column_stack([table, table.sum(axis=1)]) / step_tc
    gaps = _gaps(steps, step_tc=step_tc)
    worst = int(np.abs(gaps).argmax())
    # Numbers that are whole but for the noise of floats stay where they are.
    near = np.abs(steps - np.round(steps)) < 1e-6
    low = np.where(near, np.round(steps), np.floor(steps))
    room = np.where(near, 0.0, 1.0)
    n_lines, n_columns = steps.shape
    sign = np.ones(n_lines)
    sign[-1] = -1.0
    index = np.arange(steps.size).reshape(steps.shape)
    # One sum per place, and one per line: columns less total. The total's own closing follows from these.
    places = [(np.full(n_lines, j), index[:, j], sign) for j in range(n_columns - 1)]
    total = np.append(np.ones(n_columns - 1), -1.0)
    lines = [(np.full(n_columns, n_columns - 1 + i), index[i], total) for i in range(n_lines)]
    rows, columns, values = (np.concatenate(part) for part in zip(*places, *lines, strict=True))
    sums = csr_array((values, (rows, columns)), shape=(n_columns - 1 + n_lines, steps.size))
    solved = linprog(
        (1.0 - 2.0 * (steps - low)).ravel(),
        A_eq=sums,
        b_eq=-np.round(sums @ low.ravel()),
        bounds=np.column_stack([np.zeros(steps.size), room.ravel()]),
        method="highs-ds",
    )
    if not solved.success:
        raise DoesNotClose(worst, float(gaps[worst] * step_tc))
    rounded = (low + np.round(solved.x).reshape(steps.shape)) * step_tc
    return np.asarray(rounded + 0.0)
