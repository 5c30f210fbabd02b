import { describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { canary, openPlace, percentOf, type Place } from './store-place.ts';

const report = (gateway: string, generation: string, revision: number, writes = 0) => ({
  ...{ gateway, generation, revision },
  writesInFlight: { inventory: writes },
});

/** What every store promises about the register of gateways; each implementation runs it. */
export function registerContract(name: string, newPlace: () => Promise<Place>): void {
  describe(`${name} knows its gateways`, () => {
    it('has every gateway that reported, with what it has in force', async () => {
      const { open } = await openPlace(newPlace);
      const [gateway, control] = [open(), open()];
      const { generation, revision } = await gateway.read();
      await gateway.confirm(report('host-2:8080', generation, revision, 3));
      await gateway.confirm(report('host-1:8080', generation, revision));
      await gateway.confirm(report('host-1:8080', generation, revision, 1));
      const found = await control.gateways();
      expect(found).toMatchObject([
        report('host-1:8080', generation, revision, 1),
        report('host-2:8080', generation, revision, 3),
      ]);
      for (const { seenAgoMs } of found) {
        expect(seenAgoMs).toBeGreaterThanOrEqual(0);
        expect(seenAgoMs).toBeLessThan(5_000);
      }
    });

    it('names one that was never heard of again, however long ago, until it is forgotten', async () => {
      const { open, backdate } = await openPlace(newPlace);
      const store = open();
      const { generation, revision } = await store.read();
      await store.confirm(report('gw-1', generation, revision), { instance: 'a:1#one' });
      await backdate('gw-1', 3 * 86_400_000);
      const [found] = await open().gateways();
      expect(found).toMatchObject(report('gw-1', generation, revision));
      expect(found!.seenAgoMs).toBeGreaterThan(2.9 * 86_400_000);
      expect(await store.forget('gw-1')).toBe(true);
      expect(await store.gateways()).toEqual([]);
      expect(await store.forget('gw-1')).toBe(false);
    });

    it('takes a gateway that leaves off, and no other instance of its name', async () => {
      const store = (await openPlace(newPlace)).open();
      const { generation, revision } = await store.read();
      const speaker = { instance: 'a:1#one' };
      await store.confirm(report('gw-1', generation, revision), speaker);
      await store.confirm(report('gw-2', generation, revision));
      await store.leave('gw-1', 'b:1#two');
      expect(await store.gateways()).toHaveLength(2);
      await store.leave('gw-1', speaker.instance);
      expect((await store.gateways()).map(({ gateway }) => gateway)).toEqual(['gw-2']);
    });

    it('leaves a name to the instance that has it, and gives it to one that replaces it', async () => {
      const { open } = await openPlace(newPlace);
      const [one, other] = [open(), open()];
      const { generation, revision } = await one.read();
      expect(await one.confirm(report('gw', generation, revision), { instance: 'a_:1#one' })).toBe(true);
      for (const speaker of [
        { instance: 'b:1#two' },
        { instance: 'ax:1#two', replaces: 'ax:1#' },
        { instance: 'a_:10#two', replaces: 'a_:10#' },
      ])
        expect(await other.confirm(report('gw', generation, revision, 7), speaker)).toBe(false);
      expect(await one.gateways()).toMatchObject([report('gw', generation, revision, 0)]);
      const later = { instance: 'a_:1#two', replaces: 'a_:1#' };
      expect(await other.confirm(report('gw', generation, revision, 7), later)).toBe(true);
      expect(await one.confirm(report('gw', generation, revision), { instance: 'a_:1#one' })).toBe(false);
      expect(await one.gateways()).toMatchObject([report('gw', generation, revision, 7)]);
    });

    it('gives a free name to one of many that want it at the same moment', async () => {
      const { open } = await openPlace(newPlace);
      const stores = Array.from({ length: 6 }, () => open());
      const { generation, revision } = await stores[0]!.read();
      const taken = await Promise.all(
        stores.map((store, index) =>
          store.confirm(report('gw', generation, revision), { instance: `host-${index}:1#x` }),
        ),
      );
      expect(taken.filter(Boolean)).toHaveLength(1);
    });

    it('gives it to an instance whose first reports are all under way at once', async () => {
      const store = (await openPlace(newPlace)).open();
      const { generation, revision } = await store.read();
      for (let turn = 0; turn < 5; turn++) {
        const name = `gw-${turn}`;
        const speaker = { instance: 'a:1#one', replaces: 'a:1#' };
        const taken = await Promise.all(
          Array.from({ length: 4 }, () => store.confirm(report(name, generation, revision), speaker)),
        );
        expect(taken).toEqual([true, true, true, true]);
      }
    });

    it('tells another process at once of a change, and of a confirmation', async () => {
      const { open } = await openPlace(newPlace);
      const [gateway, control] = [open(), open()];
      const { generation, revision } = await gateway.read();
      let hints = 0;
      let confirmations = 0;
      gateway.onHint(() => hints++);
      control.onConfirmation(() => confirmations++);
      await until('a hint', async () => {
        const { contexts } = await control.read();
        await control.change('inventory', canary((percentOf(contexts['inventory']?.reads) ?? 0) + 1), {
          actor: 'ada',
        });
        return hints > 0;
      });
      await until('a confirmation', async () => {
        await gateway.confirm(report('gw-1', generation, revision));
        return confirmations > 0;
      });
    });
  });
}
