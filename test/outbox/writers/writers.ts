import { PrismaMariaDb } from '@prisma/adapter-mariadb';
import knexOf from 'knex';
import { createPool } from 'mysql2/promise';
import { Sequelize } from 'sequelize';
import { DataSource } from 'typeorm';
import { PrismaClient } from '../../../control-plane/store/prisma-client/client.ts';
import * as knex from './knex.ts';
import * as mysql2 from './mysql2.ts';
import type { Order } from './order.ts';
import * as prisma from './prisma.ts';
import * as sequelize from './sequelize.ts';
import * as typeorm from './typeorm.ts';

/** A shop that writes orders through one library, set up as its users do. */
export interface Shop {
  placeOrder(order: Order): Promise<void>;
  close(): Promise<unknown>;
}

export const WRITERS: Record<string, (url: string) => Promise<Shop>> = {
  mysql2: async (url) => {
    const pool = createPool(url);
    return { placeOrder: (order) => mysql2.placeOrder(pool, order), close: () => pool.end() };
  },
  prisma: async (url) => {
    const client = new PrismaClient({ adapter: new PrismaMariaDb(url.replace(/^mysql:/, 'mariadb:')) });
    return { placeOrder: (order) => prisma.placeOrder(client, order), close: () => client.$disconnect() };
  },
  knex: async (url) => {
    const builder = knexOf({ client: 'mysql2', connection: url });
    return { placeOrder: (order) => knex.placeOrder(builder, order), close: () => builder.destroy() };
  },
  sequelize: async (url) => {
    const client = new Sequelize(url, { dialect: 'mysql', logging: false });
    return { placeOrder: (order) => sequelize.placeOrder(client, order), close: () => client.close() };
  },
  typeorm: async (url) => {
    const source = await new DataSource({ type: 'mysql', url }).initialize();
    return { placeOrder: (order) => typeorm.placeOrder(source, order), close: () => source.destroy() };
  },
};
