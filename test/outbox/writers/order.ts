/** An order of the shop that the writers beside this file write, each through another library. */
export interface Order {
  readonly id: number;
  readonly sku: string;
  readonly note: string;
  readonly placedAt?: Date;
}

export const SHOP_TABLES = [
  'CREATE TABLE orders (id BIGINT PRIMARY KEY, sku VARCHAR(40) NOT NULL) ENGINE=InnoDB',
  'CREATE TABLE stock (sku VARCHAR(40) PRIMARY KEY, quantity INT UNSIGNED NOT NULL) ENGINE=InnoDB',
];
