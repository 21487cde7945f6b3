# SPDX-License-Identifier: Apache-2.0
"""Reading the columns of a log as they are: lists, NumPy, pandas, polars, Arrow.

:func:`read_cells` reads one column and :func:`read_columns` finds the columns of a table; nothing else in the package
looks at what a column came from. One value has one text, and so one key, wherever it stands; what is absent (None, NaN,
NaT, NA, null, masked) is absent everywhere; each distinct value is made text of once; and a long text costs its own
length alone.
"""

from valuation.columns.cells import Cells, Distinct, TextOf
from valuation.columns.reading import Table, named, read_any_shape, read_cells, read_columns

__all__ = ["Cells", "Distinct", "Table", "TextOf", "named", "read_any_shape", "read_cells", "read_columns"]
