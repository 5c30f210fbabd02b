-- How far the consumers are behind, minute by minute: the worst of the looks in each, by the context, of what its consumer
-- says itself and of the heartbeats on the whole way. Null is unknown, and a minute without a row was not looked at.
CREATE TABLE IF NOT EXISTS `banyan_outbox_consumer_lag` (
  `minute` TIMESTAMP(6) NOT NULL DEFAULT '1970-01-02 00:00:00',
  `context` VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `figure` ENUM('consumer', 'whole') CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `worst_ms` BIGINT UNSIGNED NULL DEFAULT NULL,
  PRIMARY KEY (`minute`, `context`, `figure`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
