-- The shop's own tables, as they have stood for years. Nothing in here knows of Banyan.
CREATE TABLE users (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  email VARCHAR(190) NOT NULL UNIQUE,
  name VARCHAR(100) NOT NULL,
  password_hash VARCHAR(200) NOT NULL,
  role ENUM('customer', 'staff') NOT NULL DEFAULT 'customer'
) ENGINE=InnoDB;

CREATE TABLE sessions (
  id CHAR(64) NOT NULL PRIMARY KEY,
  user_id INT UNSIGNED NULL,
  csrf CHAR(43) NOT NULL,
  expires_at DATETIME NOT NULL,
  KEY sessions_expiry (expires_at),
  CONSTRAINT sessions_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE=InnoDB;

CREATE TABLE products (
  sku VARCHAR(32) NOT NULL PRIMARY KEY,
  name VARCHAR(100) NOT NULL,
  latin VARCHAR(100) NOT NULL,
  description TEXT NOT NULL,
  hue SMALLINT UNSIGNED NOT NULL,
  price DECIMAL(10, 2) NOT NULL,
  updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP
) ENGINE=InnoDB;

-- Bookkeeping wants to know who changed which price, so the page that changes one writes it down here.
CREATE TABLE price_history (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  sku VARCHAR(32) NOT NULL,
  price DECIMAL(10, 2) NOT NULL,
  changed_by VARCHAR(190) NOT NULL,
  changed_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
  KEY price_history_sku (sku, id),
  CONSTRAINT price_history_product FOREIGN KEY (sku) REFERENCES products (sku)
) ENGINE=InnoDB;

CREATE TABLE stock (
  sku VARCHAR(32) NOT NULL PRIMARY KEY,
  quantity INT NOT NULL,
  CONSTRAINT stock_product FOREIGN KEY (sku) REFERENCES products (sku)
) ENGINE=InnoDB;

CREATE TABLE orders (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  user_id INT UNSIGNED NOT NULL,
  status ENUM('placed', 'cancelled') NOT NULL DEFAULT 'placed',
  total DECIMAL(10, 2) NOT NULL,
  placed_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
  KEY orders_user (user_id, id),
  CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE=InnoDB;

CREATE TABLE order_lines (
  order_id BIGINT UNSIGNED NOT NULL,
  sku VARCHAR(32) NOT NULL,
  quantity INT UNSIGNED NOT NULL,
  unit_price DECIMAL(10, 2) NOT NULL,
  PRIMARY KEY (order_id, sku),
  CONSTRAINT order_lines_order FOREIGN KEY (order_id) REFERENCES orders (id),
  CONSTRAINT order_lines_product FOREIGN KEY (sku) REFERENCES products (sku)
) ENGINE=InnoDB;

-- Every change of a stock level, as the stocktaking report shows it.
CREATE TABLE stock_movements (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  sku VARCHAR(32) NOT NULL,
  delta INT NOT NULL,
  quantity_after INT NOT NULL,
  reason VARCHAR(100) NOT NULL,
  order_id BIGINT UNSIGNED NULL,
  moved_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
  KEY stock_movements_sku (sku, id),
  CONSTRAINT stock_movements_product FOREIGN KEY (sku) REFERENCES products (sku),
  CONSTRAINT stock_movements_order FOREIGN KEY (order_id) REFERENCES orders (id)
) ENGINE=InnoDB;

CREATE TABLE cart_lines (
  session_id CHAR(64) NOT NULL,
  sku VARCHAR(32) NOT NULL,
  quantity INT UNSIGNED NOT NULL,
  PRIMARY KEY (session_id, sku),
  CONSTRAINT cart_lines_session FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE,
  CONSTRAINT cart_lines_product FOREIGN KEY (sku) REFERENCES products (sku)
) ENGINE=InnoDB;
