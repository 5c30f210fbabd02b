-- Aggregate types whose events move between this outbox and another one. A type that is not named here is this one's.
CREATE TABLE IF NOT EXISTS `banyan_outbox_ownership` (
  `aggregate_type` VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `state` ENUM('awaited', 'given') CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `peer` VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `since` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (`aggregate_type`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
