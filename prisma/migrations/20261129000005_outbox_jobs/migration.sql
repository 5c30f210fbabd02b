-- How far the completeness audit is: everything appended between the two times has been looked at.
CREATE TABLE IF NOT EXISTS `banyan_outbox_completeness` (
  `id` TINYINT UNSIGNED NOT NULL DEFAULT 1,
  `began_at` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  `done_until` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  `expected_at` TIMESTAMP(6) NULL DEFAULT NULL,
  `looked_at` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  `waits_for` VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL DEFAULT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- What the audit found in each window of time.
CREATE TABLE IF NOT EXISTS `banyan_outbox_completeness_window` (
  `window_from` TIMESTAMP(6) NOT NULL DEFAULT '1970-01-02 00:00:00',
  `window_to` TIMESTAMP(6) NOT NULL DEFAULT '1970-01-02 00:00:00',
  `types` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `unproven` VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL DEFAULT NULL,
  PRIMARY KEY (`window_from`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Per key the last number that the audit has seen, and the last one that had been given at its previous look at the
-- counters. It outlives the rows, so that purging doesn't break the chain.
CREATE TABLE IF NOT EXISTS `banyan_outbox_completeness_mark` (
  `partition_key` VARCHAR(255) CHARACTER SET utf8mb4 COLLATE /*!80019 utf8mb4_0900_bin */ /*M!100500 utf8mb4_nopad_bin */ NOT NULL,
  `seen` BIGINT UNSIGNED NOT NULL,
  `expected` BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (`partition_key`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Rows that the audit has seen while they were pending or parked, and that have to be there still.
CREATE TABLE IF NOT EXISTS `banyan_outbox_completeness_open` (
  `id` BIGINT UNSIGNED NOT NULL,
  `event_id` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `type` VARCHAR(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `partition_key` VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `window_from` TIMESTAMP(6) NULL DEFAULT NULL,
  `seen_at` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (`id`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Events that were not acknowledged and can't be any more.
CREATE TABLE IF NOT EXISTS `banyan_outbox_completeness_hole` (
  `hole` CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `kind` ENUM('unsent', 'vanished', 'missing') CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `found_at` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  `window_from` TIMESTAMP(6) NULL DEFAULT NULL,
  `outbox_id` BIGINT UNSIGNED NULL DEFAULT NULL,
  `event_id` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL DEFAULT NULL,
  `type` VARCHAR(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL DEFAULT NULL,
  `partition_key` VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `told` VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  PRIMARY KEY (`hole`),
  KEY `banyan_outbox_completeness_hole_found` (`found_at`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Replays that were asked for, and how far each is.
CREATE TABLE IF NOT EXISTS `banyan_outbox_replay` (
  `replay` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `what` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `asked_by` VARCHAR(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `asked_at` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  `state` ENUM('waiting', 'active', 'completed', 'cancelled') CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'waiting',
  `position` BIGINT UNSIGNED NOT NULL DEFAULT 0,
  `done` BIGINT UNSIGNED NOT NULL DEFAULT 0,
  `total` BIGINT UNSIGNED NOT NULL,
  `note` VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL DEFAULT NULL,
  `changed_at` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (`replay`),
  CONSTRAINT `banyan_outbox_replay_json` CHECK (JSON_VALID(`what`))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
