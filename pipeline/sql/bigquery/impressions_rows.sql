-- SPDX-License-Identifier: Apache-2.0
-- Step 1: the state of each impression: used, outside (of other days), or the reason why it is set aside.
-- Parameters: first_day, last_day DATE; as_of, now TIMESTAMP; click_window_hours, attribution_days INT64.
CREATE OR REPLACE TABLE impressions_rows AS
WITH judged AS (
  SELECT
    *,
    CASE
      WHEN impression_id IS NULL OR impression_id = '' THEN 'no_id'
      WHEN time IS NULL THEN 'no_time'
      WHEN time > @now THEN 'future_time'
      WHEN DATE(time) < @first_day OR DATE(time) > @last_day THEN 'outside'
      WHEN campaign IS NULL OR campaign = '' THEN 'no_campaign'
      WHEN ad IS NULL OR ad = '' THEN 'no_ad'
      WHEN LOWER(pricing) NOT IN ('cpm', 'cpc', 'cpa')
        OR bid < 0 OR IS_NAN(bid) OR IS_INF(bid)
        OR cost < 0 OR IS_NAN(cost) OR IS_INF(cost)
        OR pctr < 0 OR pctr > 1 OR IS_NAN(pctr)
        OR pcvr < 0 OR pcvr > 1 OR IS_NAN(pcvr)
        OR propensity <= 0 OR propensity > 1 OR IS_NAN(propensity)
        OR IS_NAN(expected_revenue) OR IS_INF(expected_revenue) THEN 'bad_value'
      ELSE 'used'
    END AS judgement
  FROM impressions
  -- The earlier days are those of impressions whose clicks and conversions may still arrive.
  WHERE time IS NULL
    OR time > @now
    OR (
      time >= TIMESTAMP_SUB(TIMESTAMP(@first_day), INTERVAL (24 * @attribution_days + @click_window_hours) HOUR)
      AND time < @as_of
    )
),
placed AS (
  SELECT
    *,
    judgement IN ('used', 'outside')
    AND ROW_NUMBER() OVER (
      PARTITION BY impression_id, judgement IN ('used', 'outside') ORDER BY time, campaign, ad
    ) > 1 AS repeated
  FROM judged
)
SELECT
  * EXCEPT (judgement),
  CASE WHEN judgement = 'used' AND repeated THEN 'duplicate' ELSE judgement END AS state
FROM placed;
