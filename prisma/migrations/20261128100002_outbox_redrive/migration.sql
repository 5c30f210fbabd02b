-- Redrives of many parked events that were asked for, and how far each is: up to a row of a bucket, one bucket after the
-- other.
CREATE TABLE IF NOT EXISTS `banyan_outbox_redrive` (
  `redrive` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `what` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `asked_by` VARCHAR(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `asked_at` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  `reason` VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL DEFAULT NULL,
  `state` ENUM('waiting', 'active', 'completed', 'cancelled') CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'waiting',
  `bucket` TINYINT UNSIGNED NOT NULL DEFAULT 0,
  `position` BIGINT UNSIGNED NOT NULL DEFAULT 0,
  `done` BIGINT UNSIGNED NOT NULL DEFAULT 0,
  `held` BIGINT UNSIGNED NOT NULL DEFAULT 0,
  `total` BIGINT UNSIGNED NOT NULL,
  `changed_at` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (`redrive`),
  CONSTRAINT `banyan_outbox_redrive_json` CHECK (JSON_VALID(`what`))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
