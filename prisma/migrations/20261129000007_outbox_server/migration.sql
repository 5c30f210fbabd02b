-- The server that the relays send from, and a sign of life of theirs that only grows: on another server, or on one that
-- has forgotten commits, they stop until somebody has looked.
CREATE TABLE IF NOT EXISTS `banyan_outbox_server` (
  `id` TINYINT UNSIGNED NOT NULL DEFAULT 1,
  `server` VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `beat` BIGINT UNSIGNED NOT NULL DEFAULT 0,
  `beat_at` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  `stopped` VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL DEFAULT NULL,
  `accepted_at` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  `accepted_by` VARCHAR(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `reason` VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL DEFAULT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
