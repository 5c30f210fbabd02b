-- The outbox lag minute by minute: the worst of the looks in each. Null is unknown, and a minute without a row was not
-- looked at. The empty context is that of events which belong to none.
CREATE TABLE IF NOT EXISTS `banyan_outbox_lag_history` (
  `minute` TIMESTAMP(6) NOT NULL DEFAULT '1970-01-02 00:00:00',
  `context` VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `pending` INT UNSIGNED NULL DEFAULT NULL,
  `oldest_ms` BIGINT UNSIGNED NULL DEFAULT NULL,
  `parked` INT UNSIGNED NULL DEFAULT NULL,
  PRIMARY KEY (`minute`, `context`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
