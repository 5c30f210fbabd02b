-- The last number handled within a key, of aggregate types that are `ordered: sequence`; `waiting` while later numbers of
-- the key are held. Locked by whoever handles one of the key. Two keys that differ in spaces at their end are two: each
-- server has another name for a collation that says so.
CREATE TABLE IF NOT EXISTS `banyan_inbox_sequence` (
  `application` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `partition_key` VARCHAR(255) CHARACTER SET utf8mb4 COLLATE /*!80019 utf8mb4_0900_bin */ /*M!100500 utf8mb4_nopad_bin */ NOT NULL,
  `last_number` BIGINT UNSIGNED NOT NULL,
  `waiting` TINYINT UNSIGNED NOT NULL DEFAULT 0,
  PRIMARY KEY (`application`, `partition_key`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Which event had a number; tells a number that comes again with another event.
CREATE TABLE IF NOT EXISTS `banyan_inbox_number` (
  `application` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `partition_key` VARCHAR(255) CHARACTER SET utf8mb4 COLLATE /*!80019 utf8mb4_0900_bin */ /*M!100500 utf8mb4_nopad_bin */ NOT NULL,
  `number` BIGINT UNSIGNED NOT NULL,
  `event_id` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `handled_at` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (`application`, `partition_key`, `number`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Events whose turn it isn't: `gap` waits for the numbers before it; `known` has a number that the key has passed, and
-- waits for an operator; `handle` is one of these that he wants handled. recorded_ms: milliseconds since 1970.
CREATE TABLE IF NOT EXISTS `banyan_inbox_held` (
  `id` BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  `application` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `partition_key` VARCHAR(255) CHARACTER SET utf8mb4 COLLATE /*!80019 utf8mb4_0900_bin */ /*M!100500 utf8mb4_nopad_bin */ NOT NULL,
  `number` BIGINT UNSIGNED NOT NULL,
  `event_id` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `other_event_id` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL DEFAULT NULL,
  `why` ENUM('gap', 'known', 'handle') CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `type` VARCHAR(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `envelope` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `recorded_ms` BIGINT NOT NULL,
  `held_at` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (`id`),
  UNIQUE KEY `banyan_inbox_held_event` (`application`, `event_id`),
  KEY `banyan_inbox_held_key` (`application`, `why`, `partition_key`, `number`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Who let which key go on past missing numbers, or decided on a parked event, when and why; with the change itself.
CREATE TABLE IF NOT EXISTS `banyan_inbox_audit` (
  `id` BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  `at` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  `actor` VARCHAR(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `action` VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `application` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `partition_key` VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `detail` VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `reason` VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL DEFAULT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
