-- SPDX-License-Identifier: Apache-2.0
-- The tables of valuation-log/1 in BigQuery. features and unit are JSON objects; partitions are days of `time` (UTC).
CREATE TABLE IF NOT EXISTS impressions (
  impression_id STRING NOT NULL,
  time TIMESTAMP NOT NULL,
  request_id STRING,
  unit JSON,
  placement STRING,
  campaign STRING NOT NULL,
  advertiser STRING,
  ad STRING NOT NULL,
  pricing STRING,
  bid FLOAT64,
  cost FLOAT64,
  features JSON,
  pctr FLOAT64,
  pcvr FLOAT64,
  expected_revenue FLOAT64,
  flags ARRAY<STRING>,
  predictor STRING,
  experiment STRING,
  variant STRING,
  propensity FLOAT64,
  release STRING,
  policy STRING
)
PARTITION BY DATE(time);

CREATE TABLE IF NOT EXISTS clicks (
  impression_id STRING NOT NULL,
  time TIMESTAMP NOT NULL
)
PARTITION BY DATE(time);

CREATE TABLE IF NOT EXISTS conversions (
  impression_id STRING NOT NULL,
  time TIMESTAMP NOT NULL,
  revenue FLOAT64
)
PARTITION BY DATE(time);
