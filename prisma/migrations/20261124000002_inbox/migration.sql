-- The inbox: lives with the extracted service's data, so that "seen" commits with the effect.
CREATE TABLE IF NOT EXISTS `banyan_inbox` (
  `application` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `event_id` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `handled_at` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (`application`, `event_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- How far each shard is handled; sequence_number is Kinesis' own.
CREATE TABLE IF NOT EXISTS `banyan_checkpoint` (
  `application` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `stream` VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `shard_id` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `sequence_number` VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `updated_at` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (`application`, `stream`, `shard_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
