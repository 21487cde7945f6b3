-- SPDX-License-Identifier: Apache-2.0
-- What is used, as a valuation-log/1 of Parquet that `valuation-pipeline extract` reads: nothing of it is set aside.
-- Replace BUCKET; the folder needs no partitions.
EXPORT DATA OPTIONS (uri = 'gs://BUCKET/log/impressions/part-*.parquet', format = 'PARQUET', overwrite = TRUE) AS
SELECT
  * EXCEPT (date, click, click_time, conversion, conversion_time, conversions, revenue)
  REPLACE (TO_JSON_STRING(features) AS features, TO_JSON_STRING(unit) AS unit)
FROM examples;

EXPORT DATA OPTIONS (uri = 'gs://BUCKET/log/clicks/part-*.parquet', format = 'PARQUET', overwrite = TRUE) AS
SELECT impression_id, time FROM clicks_rows WHERE state = 'used';

EXPORT DATA OPTIONS (uri = 'gs://BUCKET/log/conversions/part-*.parquet', format = 'PARQUET', overwrite = TRUE) AS
SELECT impression_id, time, revenue FROM conversions_rows WHERE state = 'used';
