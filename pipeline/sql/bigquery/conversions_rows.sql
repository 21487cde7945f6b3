-- SPDX-License-Identifier: Apache-2.0
-- Step 3: the state of each conversion; needs impressions_rows and clicks_rows.
-- Parameters: first_day DATE; as_of, now TIMESTAMP; attribution_days INT64.
CREATE OR REPLACE TABLE conversions_rows AS
WITH judged AS (
  SELECT
    *,
    CASE
      WHEN impression_id IS NULL OR impression_id = '' THEN 'no_id'
      WHEN time IS NULL THEN 'no_time'
      WHEN time > @now THEN 'future_time'
      WHEN IS_NAN(revenue) OR IS_INF(revenue) THEN 'bad_value'
    END AS reason,
    -- FLOAT64 is no key of a partition.
    ROW_NUMBER() OVER (PARTITION BY impression_id, time, CAST(revenue AS STRING) ORDER BY time) AS place
  FROM conversions
  WHERE time IS NULL OR time > @now OR (time >= TIMESTAMP(@first_day) AND time < @as_of)
),
shown AS (
  SELECT impression_id, state AS impression_state
  FROM impressions_rows
  WHERE state IN ('used', 'outside') AND NOT repeated
),
aside AS (
  SELECT DISTINCT impression_id FROM impressions_rows WHERE state NOT IN ('used', 'outside')
),
clicked AS (
  SELECT impression_id, time AS click_time FROM clicks_rows WHERE state = 'used'
)
SELECT
  v.impression_id,
  v.time,
  v.revenue,
  CASE
    WHEN v.reason IS NOT NULL THEN v.reason
    WHEN i.impression_state = 'outside' THEN 'outside'
    WHEN v.place > 1 THEN 'duplicate'
    WHEN i.impression_state IS NULL AND a.impression_id IS NOT NULL THEN 'impression_set_aside'
    WHEN i.impression_state IS NULL THEN 'conversion_without_impression'
    WHEN c.click_time IS NULL THEN 'conversion_without_click'
    WHEN v.time < c.click_time THEN 'conversion_before_click'
    WHEN v.time > TIMESTAMP_ADD(c.click_time, INTERVAL @attribution_days DAY) THEN 'conversion_after_window'
    ELSE 'used'
  END AS state
FROM judged AS v
LEFT JOIN shown AS i ON i.impression_id = v.impression_id
LEFT JOIN aside AS a ON a.impression_id = v.impression_id
LEFT JOIN clicked AS c ON c.impression_id = v.impression_id;
