# SPDX-License-Identifier: Apache-2.0
"""Charts that every report needs. Each takes rows (mappings, or an Arrow table) and the names of their members.

Each returns a `Chart` with its description in words, or, if no row can be drawn, a `Paragraph` that says so. Rows in
which a number that the chart needs is missing or infinite are left out and counted.
"""
