-- SPDX-License-Identifier: Apache-2.0
-- Every click and a part of the impressions without one: the rows that [sampling] of the pipeline keeps.
-- Parameters: one_in, part INT64, part from 0 to one_in - 1.
SELECT *
FROM examples
WHERE click OR ABS(MOD(FARM_FINGERPRINT(impression_id), @one_in)) = @part;
