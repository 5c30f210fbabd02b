import { describe, expect, it } from 'vitest';
import type { KillRecord } from '../../contexts/index.ts';
import { Refusal } from '../../control-plane/refusal.ts';
import {
  StoreAway,
  type ReadsAndWrites,
  type SnapshotStore,
} from '../../control-plane/store/snapshot-store.ts';
import { until } from '../support/until.ts';
import { canary, legacy, openPlace, percentOf, type Place } from './store-place.ts';

/** What every store promises about stages; each implementation runs it. */
export function storeContract(name: string, newPlace: () => Promise<Place>): void {
  const place = () => openPlace(newPlace);

  describe(`${name} keeps stages`, () => {
    it('begins with the first values of the configuration, and keeps its own from then on', async () => {
      const { open } = await place();
      const begun = await open({
        inventory: { ...legacy, reads: { stage: 'canary', percent: 12.5 } },
      }).read();
      expect(begun.contexts['inventory']).toMatchObject({
        reads: { stage: 'canary', percent: 12.5 },
        writes: { stage: 'legacy' },
      });
      const later = await open().read();
      expect(later.contexts['inventory']?.reads).toEqual({ stage: 'canary', percent: 12.5 });
      expect(later.contexts['orders']?.reads).toEqual({ stage: 'legacy' });
      expect(later.generation).toBe(begun.generation);
      expect(later.revision).toBe(begun.revision + 1);
      expect(later.contexts['orders']?.salt).not.toBe(later.contexts['inventory']?.salt);
    });

    it('is begun once by many that start at the same moment', async () => {
      const { open } = await place();
      const begun = await Promise.all(Array.from({ length: 6 }, () => open().read()));
      expect(new Set(begun.map(({ generation, revision }) => `${generation} ${revision}`)).size).toBe(1);
      expect(await open().audit()).toHaveLength(2);
    });

    it('shows a change to every other process, at the next revision, with the other contexts as they were', async () => {
      const { open } = await place();
      const [one, other] = [open(), open()];
      const before = await other.read();
      const change = await one.change('inventory', canary(25), { actor: 'ada', reason: 'a try' });
      expect(change).toMatchObject({
        generation: before.generation,
        revision: before.revision + 1,
        before: legacy,
        after: { reads: { stage: 'canary', percent: 25 } },
        changed: true,
      });
      const after = await other.read();
      expect(after.revision).toBe(change.revision);
      expect(after.contexts['inventory']?.reads).toEqual({ stage: 'canary', percent: 25 });
      expect(after.contexts['inventory']?.salt).toBe(before.contexts['inventory']?.salt);
      expect(after.contexts['orders']).toEqual(before.contexts['orders']);
    });

    it('keeps every stage that reads and writes can have', async () => {
      const { open } = await place();
      const [one, other] = [open(), open()];
      for (const reads of ['shadow', 'extracted', 'retired', 'legacy'] as const) {
        for (const writes of ['extracted', 'retired', 'legacy'] as const) {
          const wanted: ReadsAndWrites = { reads: { stage: reads }, writes: { stage: writes } };
          await one.change('inventory', () => wanted, { actor: 'ada' });
          expect((await other.read()).contexts['inventory']).toMatchObject(wanted);
        }
      }
    });

    it('keeps the lists of a canary, and an undo brings them back', async () => {
      const { open } = await place();
      const [one, other] = [open(), open()];
      const reads = { stage: 'canary', percent: 0.1, include: ['größe', 'b'], exclude: ['vip'] } as const;
      await one.change('inventory', (current) => ({ ...current, reads }), { actor: 'ada' });
      expect((await other.read()).contexts['inventory']?.reads).toEqual(reads);
      const { changed } = await other.change('inventory', canary(0.1), { actor: 'ada' });
      expect(changed).toBe(true);
      await one.undo('inventory', () => {}, { actor: 'ada' });
      expect((await other.read()).contexts['inventory']?.reads).toEqual(reads);
    });

    it('writes nothing when a context is in the wanted stages already', async () => {
      const store = (await place()).open();
      const { revision } = await store.change('inventory', canary(25), { actor: 'ada' });
      const again = await store.change('inventory', canary(25), { actor: 'ada' });
      expect(again).toMatchObject({ revision, changed: false });
      expect(await store.audit({ context: 'inventory' })).toHaveLength(2);
    });

    it('loses no change of two processes that write at the same time', async () => {
      const { open } = await place();
      const stores = [open(), open()];
      const from = (await stores[0]!.read()).revision;
      const each = 20;
      const revisions: number[] = [];
      // Four at a time in each process: more than that wait for a connection, and give up on a slow machine.
      const write = async (store: SnapshotStore, actor: string) => {
        for (let change = 0; change < each / 4; change++) {
          const { revision } = await store.change(
            'inventory',
            (current) => canary((percentOf(current.reads) ?? 0) + 1)(current),
            { actor },
          );
          revisions.push(revision);
        }
      };
      await Promise.all(
        stores.flatMap((store, index) => Array.from({ length: 4 }, () => write(store, `writer ${index}`))),
      );
      revisions.sort((a, b) => a - b);
      expect(revisions).toEqual(Array.from({ length: 2 * each }, (_, index) => from + 1 + index));
      const { revision, contexts } = await stores[1]!.read();
      expect(revision).toBe(from + 2 * each);
      expect(percentOf(contexts['inventory']?.reads)).toBe(2 * each);
      const audit = await stores[0]!.audit({ context: 'inventory' });
      expect(audit.filter(({ action }) => action === 'set')).toHaveLength(2 * each);
    });

    it('never shows half a change, nor an older revision after a newer one', async () => {
      const { open } = await place();
      const [writer, reader] = [open(), open()];
      await writer.read();
      const writing = new AbortController();
      const reading = (async () => {
        let last = 0;
        while (!writing.signal.aborted) {
          const { revision, contexts } = await reader.read();
          expect(revision).toBeGreaterThanOrEqual(last);
          last = revision;
          // The writer puts the number that the revision will have into the percentage.
          const percent = percentOf(contexts['inventory']?.reads);
          if (percent !== undefined) expect(percent).toBe(revision);
        }
      })();
      for (let step = 0; step < 30; step++) {
        const next = (await writer.read()).revision + 1;
        await writer.change('inventory', canary(next), { actor: 'ada' });
      }
      writing.abort();
      await reading;
    });

    it.each(['nothing', 'toString', 'constructor', '__proto__'])(
      'knows no context %s, since nobody configured it',
      async (context) => {
        const store = (await place()).open();
        await expect(store.change(context, canary(1), { actor: 'ada' })).rejects.toThrow(
          `there is no context '${context}'; known contexts: inventory, orders`,
        );
      },
    );

    it('does not call a mistake of the program a store that is away', async () => {
      const store = (await place()).open();
      const mistake = () => {
        throw new TypeError('a mistake of ours');
      };
      for (const change of [
        () => store.change('inventory', mistake, { actor: 'ada' }),
        async () => {
          await store.change('inventory', canary(1), { actor: 'ada' });
          await store.undo('inventory', mistake, { actor: 'ada' });
        },
      ]) {
        const error: unknown = await change().catch((caught: unknown) => caught);
        expect(error).toBeInstanceOf(TypeError);
        expect(error).not.toBeInstanceOf(StoreAway);
      }
    });

    it('leaves everything as it was when the rules refuse', async () => {
      const store = (await place()).open();
      const before = await store.read();
      const refuse = () => {
        throw new Refusal('writes-move', 'refused');
      };
      await expect(store.change('inventory', refuse, { actor: 'ada' })).rejects.toThrow('refused');
      expect(await store.read()).toEqual(before);
      expect((await store.audit()).every(({ action }) => action === 'first')).toBe(true);
    });
  });

  describe(`${name} takes changes back`, () => {
    it('restores the stages before the latest change, as a new revision', async () => {
      const store = (await place()).open();
      await store.change('inventory', canary(10), { actor: 'ada' });
      const latest = await store.change('inventory', canary(50), { actor: 'ada' });
      await store.change('orders', canary(5), { actor: 'bob' });
      const undone = await store.undo('inventory', () => {}, { actor: 'bob', reason: 'too slow' });
      expect(undone).toMatchObject({
        revision: latest.revision + 2,
        before: { reads: { stage: 'canary', percent: 50 } },
        after: { reads: { stage: 'canary', percent: 10 } },
      });
      const { contexts } = await store.read();
      expect(contexts['inventory']?.reads).toEqual({ stage: 'canary', percent: 10 });
      expect(contexts['orders']?.reads).toEqual({ stage: 'canary', percent: 5 });
    });

    it('walks back change by change, across changes made in between, and says when none is left', async () => {
      const store = (await place()).open();
      const undo = async () => {
        const { after } = await store.undo('inventory', () => {}, { actor: 'ada' });
        return percentOf(after.reads);
      };
      for (const percent of [10, 20, 30]) await store.change('inventory', canary(percent), { actor: 'ada' });
      expect([await undo(), await undo()]).toEqual([20, 10]);
      await store.change('inventory', canary(40), { actor: 'ada' });
      expect([await undo(), await undo()]).toEqual([10, undefined]);
      await expect(undo()).rejects.toThrow("there is no change of 'inventory' to undo");
    });

    it('asks the rules with what an undo would restore, and obeys them', async () => {
      const store = (await place()).open();
      const { before, after } = await store.change('inventory', canary(10), { actor: 'ada' });
      const asked: ReadsAndWrites[] = [];
      const refuse = (current: ReadsAndWrites, restored: ReadsAndWrites) => {
        asked.push(current, restored);
        throw new Refusal('invalid', 'not now');
      };
      await expect(store.undo('inventory', refuse, { actor: 'ada' })).rejects.toThrow('not now');
      expect(asked.slice(-2)).toEqual([after, before]);
      expect((await store.read()).contexts['inventory']).toMatchObject(after);
    });
  });

  describe(`${name} keeps an audit`, () => {
    it('tells who changed what, when and why, the newest first', async () => {
      const store = (await place()).open();
      const began = Date.now();
      const set = await store.change('inventory', canary(33.3), { actor: 'ada', reason: 'grüße 🌳' });
      const undo = await store.undo('inventory', () => {}, { actor: 'bob' });
      const [newest, older, oldest] = await store.audit({ context: 'inventory' });
      expect(newest).toMatchObject({ revision: undo.revision, actor: 'bob', action: 'undo', reason: null });
      expect(older).toEqual({
        revision: set.revision,
        at: expect.any(String),
        actor: 'ada',
        action: 'set',
        context: 'inventory',
        before: legacy,
        after: { ...legacy, reads: { stage: 'canary', percent: 33.3 } },
        reason: 'grüße 🌳',
      });
      expect(oldest).toMatchObject({ action: 'first', actor: 'banyan.yaml', before: null, after: legacy });
      expect(Math.abs(Date.parse(older!.at) - began)).toBeLessThan(60_000);
      expect(await store.audit({ limit: 1 })).toEqual([newest]);
      expect(await store.audit({ context: 'orders' })).toHaveLength(1);
    });
  });

  describe(`${name} audits what gateways did by themselves`, () => {
    const kill: KillRecord = {
      ...{ id: '6f1c2a51-6a0e-4cf0-9d7e-0a54a1b1c001', action: 'kill', gateway: 'shop-1:8080' },
      ...{ context: 'inventory', at: '2026-11-28T03:00:00.000Z', by: 'ada@shop', reason: 'grüße 🌳' },
      consent: 'hold-writes',
    };
    const release: KillRecord = {
      ...kill,
      ...{ id: '6f1c2a51-6a0e-4cf0-9d7e-0a54a1b1c002', action: 'release', reason: null, consent: null },
    };

    it('tells who killed what, where and when, and leaves the stages as they were', async () => {
      const store = (await place()).open();
      const { contexts } = await store.read();
      await store.recordKill(kill);
      await store.recordKill(release);
      expect((await store.read()).contexts).toEqual(contexts);
      const [newest, older] = await store.audit({ context: 'inventory' });
      expect(older).toEqual({
        ...{ revision: expect.any(Number), at: expect.any(String), actor: 'ada@shop', action: 'kill' },
        ...{ context: 'inventory', before: null, after: null, reason: 'grüße 🌳' },
        kill: {
          ...{ id: kill.id, gateway: 'shop-1:8080', at: '2026-11-28T03:00:00.000Z' },
          consent: 'hold-writes',
        },
      });
      expect(newest).toMatchObject({ action: 'release', reason: null, kill: { id: release.id } });
    });

    it('keeps each once, however often and by however many it is told', async () => {
      const { open } = await place();
      const stores = [open(), open()];
      await stores[0]!.read();
      await Promise.all([...stores, ...stores].map((store) => store.recordKill(kill)));
      await stores[1]!.change('inventory', canary(10), { actor: 'ada' });
      await stores[1]!.recordKill(kill);
      const audit = await stores[0]!.audit({ context: 'inventory' });
      expect(audit.map(({ action }) => action)).toEqual(['set', 'kill', 'first']);
    });

    it('is no change that an undo takes back', async () => {
      const store = (await place()).open();
      await store.change('inventory', canary(10), { actor: 'ada' });
      await store.recordKill(kill);
      const { after } = await store.undo('inventory', () => {}, { actor: 'ada' });
      expect(after).toEqual(legacy);
    });
  });

  describe(`${name} tells lags`, () => {
    it('to every process, older by the time since they were told', async () => {
      const { open } = await place();
      const [one, other] = [open(), open()];
      expect(await other.lag()).toEqual({});
      const began = performance.now();
      await one.putLag(() => ({ inventory: 1_500, orders: 70_000 }));
      const { inventory, orders } = await other.lag();
      expect(inventory).toBeGreaterThanOrEqual(1_500);
      expect(inventory).toBeLessThan(1_510 + performance.now() - began);
      expect(orders).toBeGreaterThanOrEqual(70_000);
      await one.putLag(() => ({ inventory: 10 }));
      const later = await until('the other one is older', async () => {
        const lags = await other.lag();
        return lags['orders']! > orders! + 20 ? lags : undefined;
      });
      expect(later['inventory']).toBeGreaterThanOrEqual(10);
      expect(later['inventory']).toBeLessThan(1_500);
    });

    it('that were true when they were told, though they are asked for late', async () => {
      const { open } = await place();
      const store = open();
      const truth = performance.now();
      await store.putLag(() => ({ inventory: performance.now() - truth }));
      const { inventory } = await store.lag();
      expect(inventory).toBeGreaterThan(0);
      expect(inventory).toBeLessThanOrEqual(performance.now() - truth + 5);
    });
  });

  describe(`${name} after its content was lost or put back`, () => {
    it('is a new generation when it is made anew', async () => {
      const { open, empty } = await place();
      const store = open();
      const before = await store.read();
      await store.change('inventory', canary(10), { actor: 'ada' });
      await empty();
      const after = await store.read();
      expect(after.generation).not.toBe(before.generation);
      expect(after.contexts['inventory']?.reads).toEqual({ stage: 'legacy' });
    });

    it('is a new generation, later than any revision in force, when a gateway shows that it was restored', async () => {
      const { open, save } = await place();
      const store = open();
      await store.change('inventory', canary(10), { actor: 'ada' });
      const saved = await save();
      await store.change('inventory', canary(20), { actor: 'ada' });
      const inForce = await store.change('inventory', canary(30), { actor: 'ada' });
      await saved.restore();
      expect((await store.read()).revision).toBe(inForce.revision - 2);
      await store.confirm({
        ...{ gateway: 'gw-1', generation: inForce.generation, revision: inForce.revision },
        writesInFlight: {},
      });
      const after = await store.read();
      expect(after.generation).not.toBe(inForce.generation);
      expect(after.revision).toBeGreaterThan(inForce.revision);
      expect(after.contexts['inventory']?.reads).toEqual({ stage: 'canary', percent: 10 });
      expect(await store.audit({ limit: 1 })).toMatchObject([{ action: 'restored', context: '*' }]);
      expect((await store.change('inventory', canary(40), { actor: 'ada' })).generation).toBe(
        after.generation,
      );
    });
  });
}
