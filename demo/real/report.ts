import type { RowDataPacket } from 'mysql2/promise';
import type { Database } from '../../runtime/database.ts';

/** `[##########----------]  52 %  16,700 of 32,093 written, 16,512 handled`. */
export function progressLine({
  written,
  handled,
  total,
}: {
  written: number;
  handled: number;
  total: number;
}): string {
  const width = 30;
  const share = total === 0 ? 1 : (written + handled) / (2 * total);
  const filled = Math.floor(share * width);
  return `[${'#'.repeat(filled)}${'-'.repeat(width - filled)}] ${String(Math.floor(share * 100)).padStart(3)} %  ${count(written)} of ${count(total)} written, ${count(handled)} handled`;
}

export interface Figures {
  readonly rentals: number;
  readonly payments: number;
  readonly customers: number;
  /** Milliseconds from the first request to the last answer, and to the last event handled. */
  readonly writing: number;
  readonly handling: number;
  /** Milliseconds from append to handled, by the database's clock. */
  readonly lag: { readonly p50: number; readonly p95: number; readonly p99: number; readonly max: number };
}

/** The closing table. */
export function closingTable(figures: Figures): string {
  const events = figures.rentals + figures.payments;
  const perSecond = (milliseconds: number) => `${count(Math.round(events / (milliseconds / 1_000)))} /s`;
  const ms = (value: number) => `${count(Math.round(value))} ms`;
  const rows: [string, string][] = [
    ['rentals', count(figures.rentals)],
    ['payments', count(figures.payments)],
    ['customers', count(figures.customers)],
    [
      'written through the gateway',
      `${(figures.writing / 1_000).toFixed(1)} s, ${perSecond(figures.writing)}`,
    ],
    ['handled by the consumer', `${(figures.handling / 1_000).toFixed(1)} s, ${perSecond(figures.handling)}`],
    ['lag, append to handled: p50', ms(figures.lag.p50)],
    ['p95', ms(figures.lag.p95)],
    ['p99', ms(figures.lag.p99)],
    ['largest', ms(figures.lag.max)],
  ];
  const left = Math.max(...rows.map(([name]) => name.length));
  const right = Math.max(...rows.map(([, value]) => value.length));
  return rows.map(([name, value]) => `${name.padStart(left)}  ${value.padStart(right)}`).join('\n');
}

export async function readLag(rebuilt: Database): Promise<Figures['lag']> {
  const [rows] = await rebuilt.query<RowDataPacket[]>(
    'SELECT TIMESTAMPDIFF(MICROSECOND, recorded_at, handled_at) / 1000 AS milliseconds FROM customer_history ORDER BY milliseconds',
  );
  const lags = rows.map((row) => Number(row['milliseconds']));
  const at = (share: number) =>
    lags[Math.min(lags.length - 1, Math.ceil(share * lags.length) - 1)] ?? Number.NaN;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
