-- The outbox: lives with the legacy data, so that an event commits with the change it tells of.
CREATE TABLE IF NOT EXISTS `banyan_outbox` (
  `id` BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  `event_id` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `source` VARCHAR(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `type` VARCHAR(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `aggregate_type` VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `aggregate_id` VARCHAR(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `partition_key` VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin GENERATED ALWAYS AS (CONCAT(`aggregate_type`, _utf8mb4':', `aggregate_id`)) STORED,
  `bucket` TINYINT UNSIGNED GENERATED ALWAYS AS (CRC32(CONCAT(`aggregate_type`, _utf8mb4':', `aggregate_id`)) MOD 64) STORED,
  `occurred_at` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  `data` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `extensions` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL DEFAULT NULL,
  `state` ENUM('pending', 'settled', 'parked') CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'pending',
  `appended_at` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  `connection_id` BIGINT UNSIGNED NOT NULL DEFAULT (CONNECTION_ID()),
  `settled_at` TIMESTAMP(6) NULL DEFAULT NULL,
  `settled_epoch` BIGINT UNSIGNED NULL DEFAULT NULL,
  `shard_id` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL DEFAULT NULL,
  `sequence_number` VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL DEFAULT NULL,
  `parked_reason` VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL DEFAULT NULL,
  `parked_key` VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin GENERATED ALWAYS AS (IF(`state` = 'parked', CONCAT(`aggregate_type`, _utf8mb4':', `aggregate_id`), NULL)) STORED,
  `bytes` INT UNSIGNED GENERATED ALWAYS AS (OCTET_LENGTH(`data`) + IFNULL(OCTET_LENGTH(`extensions`), 0)) STORED,
  PRIMARY KEY (`id`),
  UNIQUE KEY `banyan_outbox_event_id` (`event_id`),
  KEY `banyan_outbox_state_bucket` (`state`, `bucket`, `id`, `partition_key`, `bytes`),
  KEY `banyan_outbox_parked_key` (`parked_key`),
  CONSTRAINT `banyan_outbox_data_json` CHECK (JSON_VALID(`data`)),
  CONSTRAINT `banyan_outbox_extensions_json` CHECK (`extensions` IS NULL OR JSON_VALID(`extensions`))
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- One row per bucket: who may send its events, and until when (database clock).
CREATE TABLE IF NOT EXISTS `banyan_outbox_lease` (
  `bucket` TINYINT UNSIGNED NOT NULL,
  `owner` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL DEFAULT NULL,
  `epoch` BIGINT UNSIGNED NOT NULL DEFAULT 0,
  `expires_at` TIMESTAMP(6) NOT NULL DEFAULT '1970-01-02 00:00:00',
  PRIMARY KEY (`bucket`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

INSERT IGNORE INTO `banyan_outbox_lease` (`bucket`) VALUES
  (0), (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11), (12), (13), (14), (15),
  (16), (17), (18), (19), (20), (21), (22), (23), (24), (25), (26), (27), (28), (29), (30), (31),
  (32), (33), (34), (35), (36), (37), (38), (39), (40), (41), (42), (43), (44), (45), (46), (47),
  (48), (49), (50), (51), (52), (53), (54), (55), (56), (57), (58), (59), (60), (61), (62), (63);

-- The relays that are alive, so that they share the buckets evenly; and what each has published.
CREATE TABLE IF NOT EXISTS `banyan_outbox_relay` (
  `relay` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `started_at` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  `seen_at` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  `settled_by_type` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  PRIMARY KEY (`relay`),
  CONSTRAINT `banyan_outbox_relay_json` CHECK (JSON_VALID(`settled_by_type`))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- The stream that the events go to. It changes only while nothing is pending.
CREATE TABLE IF NOT EXISTS `banyan_outbox_stream` (
  `id` TINYINT UNSIGNED NOT NULL DEFAULT 1,
  `stream` VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
