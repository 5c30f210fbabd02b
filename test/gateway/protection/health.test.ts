import { expect, test } from 'vitest';
import { openHealth } from '../../../gateway/protection/health.ts';

function checked(results: string) {
  const changes: string[] = [];
  const health = openHealth({ failures: 3, passes: 2 }, (state) => changes.push(state.health));
  for (const result of results) health.checked(result === 'x' ? 'it answered 500' : undefined);
  return { state: health.state(), changes };
}

test('it is unhealthy after so many failed checks in a row, and healthy after so many passed ones', () => {
  expect(checked('').state).toEqual({ health: 'unchecked' });
  expect(checked('.')).toEqual({ state: { health: 'healthy' }, changes: [] });
  expect(checked('xx').state).toEqual({ health: 'unchecked' });
  expect(checked('xxx').state).toEqual({ health: 'unhealthy', why: 'it answered 500' });
  expect(checked('xx.xx.xx').changes).toEqual([]);
  expect(checked('xxx.x.x.').state.health).toBe('unhealthy');
  expect(checked('xxx..')).toEqual({ state: { health: 'healthy' }, changes: ['unhealthy', 'healthy'] });
  expect(checked('xxx..xxx..').changes).toEqual(['unhealthy', 'healthy', 'unhealthy', 'healthy']);
});
