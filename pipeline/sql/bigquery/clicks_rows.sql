-- SPDX-License-Identifier: Apache-2.0
-- Step 2: the state of each click; needs impressions_rows.
-- Parameters: first_day DATE; as_of, now TIMESTAMP; click_window_hours INT64.
CREATE OR REPLACE TABLE clicks_rows AS
WITH judged AS (
  SELECT
    *,
    CASE
      WHEN impression_id IS NULL OR impression_id = '' THEN 'no_id'
      WHEN time IS NULL THEN 'no_time'
      WHEN time > @now THEN 'future_time'
    END AS reason
  FROM clicks
  WHERE time IS NULL OR time > @now OR (time >= TIMESTAMP(@first_day) AND time < @as_of)
),
shown AS (
  SELECT impression_id, time AS shown, state AS impression_state
  FROM impressions_rows
  WHERE state IN ('used', 'outside') AND NOT repeated
),
aside AS (
  SELECT DISTINCT impression_id FROM impressions_rows WHERE state NOT IN ('used', 'outside')
),
matched AS (
  SELECT
    c.impression_id,
    c.time,
    CASE
      WHEN c.reason IS NOT NULL THEN c.reason
      WHEN i.impression_state IS NULL AND a.impression_id IS NOT NULL THEN 'impression_set_aside'
      WHEN i.impression_state IS NULL THEN 'click_without_impression'
      WHEN i.impression_state = 'outside' THEN 'outside'
      WHEN c.time < i.shown THEN 'click_before_impression'
      WHEN c.time > TIMESTAMP_ADD(i.shown, INTERVAL @click_window_hours HOUR) THEN 'click_after_window'
      ELSE 'used'
    END AS judgement
  FROM judged AS c
  LEFT JOIN shown AS i ON i.impression_id = c.impression_id
  LEFT JOIN aside AS a ON a.impression_id = c.impression_id
)
SELECT
  impression_id,
  time,
  CASE
    WHEN judgement = 'used'
      AND ROW_NUMBER() OVER (PARTITION BY impression_id, judgement ORDER BY time) > 1 THEN 'duplicate'
    ELSE judgement
  END AS state
FROM matched;
