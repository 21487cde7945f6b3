# SPDX-License-Identifier: Apache-2.0
"""Models that scikit-learn fitted, as documents of the format valuation-model/1.

:func:`document` is the only function. The rest of the package does not need scikit-learn.
"""

try:
    import sklearn as _sklearn  # noqa: F401
except ImportError as reason:
    raise ImportError("valuation.sklearn needs scikit-learn: install it, or valuation[sklearn]") from reason

from valuation.sklearn._document import document

__all__ = ["document"]
