-- The last number given within a key, of aggregate types that are `ordered: sequence`. Two keys that differ in spaces at
-- their end are two: each server has another name for a collation that says so.
CREATE TABLE IF NOT EXISTS `banyan_outbox_sequence` (
  `partition_key` VARCHAR(255) CHARACTER SET utf8mb4 COLLATE /*!80019 utf8mb4_0900_bin */ /*M!100500 utf8mb4_nopad_bin */ NOT NULL,
  `sequence` BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (`partition_key`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- The largest record that each stream takes, as a relay last read it; what `append` refuses is measured by it.
CREATE TABLE IF NOT EXISTS `banyan_outbox_limit` (
  `stream` VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `record_bytes` INT UNSIGNED NOT NULL,
  `read_at` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (`stream`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Event types of which nothing is sent: their events wait, each with its key. A pause that is over stays as its own audit;
-- `active` is the type while it isn't, so that a type has one at a time.
CREATE TABLE IF NOT EXISTS `banyan_outbox_pause` (
  `id` BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  `type` VARCHAR(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `paused_at` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  `paused_by` VARCHAR(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `reason` VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `resumed_at` TIMESTAMP(6) NULL DEFAULT NULL,
  `resumed_by` VARCHAR(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL DEFAULT NULL,
  `active` VARCHAR(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin GENERATED ALWAYS AS (IF(`resumed_at` IS NULL, `type`, NULL)) STORED,
  PRIMARY KEY (`id`),
  UNIQUE KEY `banyan_outbox_pause_active` (`active`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Keys of which an event with a lower id became visible after one with a higher id was taken: written by
-- transactions that overlapped without a lock on the aggregate.
CREATE TABLE IF NOT EXISTS `banyan_outbox_overlap` (
  `partition_key` VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `type` VARCHAR(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `earlier_id` BIGINT UNSIGNED NOT NULL,
  `later_id` BIGINT UNSIGNED NOT NULL,
  `times` BIGINT UNSIGNED NOT NULL DEFAULT 1,
  `seen_at` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (`partition_key`),
  KEY `banyan_outbox_overlap_seen` (`seen_at`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
