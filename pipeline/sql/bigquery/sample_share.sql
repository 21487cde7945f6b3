-- SPDX-License-Identifier: Apache-2.0
-- The share of negatives that sample.sql keeps, which is the negative_sampling_rate of models trained on it.
-- Parameters: one_in, part INT64.
SELECT
  SAFE_DIVIDE(
    COUNTIF(ABS(MOD(FARM_FINGERPRINT(impression_id), @one_in)) = @part),
    COUNT(*)
  ) AS negative_sampling_rate
FROM examples
WHERE NOT click;
