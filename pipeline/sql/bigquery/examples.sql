-- SPDX-License-Identifier: Apache-2.0
-- Step 4: one row an impression used, with its click and its conversions; needs the three tables of states.
CREATE OR REPLACE TABLE examples AS
WITH clicked AS (
  SELECT impression_id, time AS click_time FROM clicks_rows WHERE state = 'used'
),
converted AS (
  SELECT impression_id, MIN(time) AS conversion_time, COUNT(*) AS conversions, SUM(revenue) AS revenue
  FROM conversions_rows
  WHERE state = 'used'
  GROUP BY impression_id
)
SELECT
  i.* EXCEPT (state, repeated),
  DATE(i.time) AS date,
  c.click_time IS NOT NULL AS click,
  c.click_time,
  v.conversion_time IS NOT NULL AS conversion,
  v.conversion_time,
  COALESCE(v.conversions, 0) AS conversions,
  COALESCE(v.revenue, 0) AS revenue
FROM impressions_rows AS i
LEFT JOIN clicked AS c ON c.impression_id = i.impression_id
LEFT JOIN converted AS v ON v.impression_id = i.impression_id
WHERE i.state = 'used';
