# SPDX-License-Identifier: Apache-2.0
"""Reading the columns of a log from any container: lists, NumPy, pandas, polars, Arrow.

:func:`read_cells` reads one column and :func:`read_columns` finds the columns of a table; nothing else in the package
depends on the source of a column. A value has one text, and so one key, in every container. Absent cells (None, NaN,
NaT, NA, null, masked) are absent everywhere. Each distinct value is converted to text once, and a long text costs only
its own length.
"""

from valuation.columns.cells import Cells, Distinct, TextOf
from valuation.columns.reading import Table, named, read_any_shape, read_cells, read_columns

__all__ = ["Cells", "Distinct", "Table", "TextOf", "named", "read_any_shape", "read_cells", "read_columns"]
