-- SPDX-License-Identifier: Apache-2.0
-- Rows by table and state; each sum is the number of rows that were read.
SELECT 'impressions' AS log_table, state, COUNT(*) AS row_count FROM impressions_rows GROUP BY state
UNION ALL
SELECT 'clicks' AS log_table, state, COUNT(*) AS row_count FROM clicks_rows GROUP BY state
UNION ALL
SELECT 'conversions' AS log_table, state, COUNT(*) AS row_count FROM conversions_rows GROUP BY state
ORDER BY log_table, state;
