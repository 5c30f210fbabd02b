-- How far each context's consumer is: everything committed until then is handled. Microseconds since 1970 by this
-- server's clock, so that a lag is a difference of one clock and grows by itself while nobody writes.
CREATE TABLE IF NOT EXISTS `banyan_lag` (
  `context` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `handled_until` BIGINT NOT NULL,
  PRIMARY KEY (`context`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
