-- Captures that were stopped because the outbox had reached its budget: what was written since is in no event.
CREATE TABLE IF NOT EXISTS `banyan_outbox_backfill_due` (
  `capture` VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `context` VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL DEFAULT NULL,
  `stopped_at` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  `bytes` BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (`capture`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
