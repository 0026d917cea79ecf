"""What a formula of this room works on: a whole column at once, never one row.

The same function must serve a notebook (NumPy), an imported layer (polars Series) and the streaming pipeline (polars
expression), so the formulas use only `+ - * / **` and `.clip`, which the three understand alike.
"""

from typing import TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

Column = TypeVar("Column", npt.NDArray[np.float64], pl.Series, pl.Expr)
"""One of three column types; a function takes and returns the same one."""
