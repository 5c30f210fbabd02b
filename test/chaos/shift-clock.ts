// Preloaded into a relay (`node --import`): each SIGUSR2 steps its wall clock by an hour, forth and back in turns. The
// monotonic clock goes on as it was, as it does on a machine whose time somebody sets.
const HOUR = 3_600_000;
const RealDate = Date;
let shift = 0;

class ShiftedDate extends RealDate {
  constructor(...given: [] | ConstructorParameters<typeof Date>) {
    if (given.length === 0) super(ShiftedDate.now());
    else super(...(given as ConstructorParameters<typeof Date>));
  }
  static override now(): number {
    return RealDate.now() + shift;
  }
}
globalThis.Date = ShiftedDate as DateConstructor;
process.on('SIGUSR2', () => void (shift = shift === 0 ? HOUR : 0));
