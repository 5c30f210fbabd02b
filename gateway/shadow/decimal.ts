/**
 * The normal form of a number as JSON writes it (RFC 8259 §6): sign, digits without zeros at either end, and a power of
 * ten. Two numbers have the same value exactly when they have the same form, however many digits they have:
 * `1.0`, `1` and `10e-1` are `1e0`; `12345678901234567890` is not `12345678901234567891`. Zero has no sign.
 */
export function decimalForm(text: string): string {
  const [, sign, whole, fraction = '', power = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? fault(text);
  const all = whole! + fraction;
  const first = firstOther(all);
  if (first === all.length) return '0';
  let end = all.length;
  while (all[end - 1] === '0') end -= 1;
  const exponent = BigInt(power.replace('+', '')) + BigInt(all.length - end - fraction.length);
  return `${sign}${all.slice(first, end)}e${exponent}`;
}

/** Rounds a normal form to `places` decimal places; halves go away from zero. */
export function roundForm(form: string, places: number): string {
  if (form === '0') return form;
  const sign = form[0] === '-' ? '-' : '';
  const [digits, power] = form.slice(sign.length).split('e') as [string, string];
  const surplus = BigInt(-places) - BigInt(power);
  if (surplus <= 0n) return form;
  if (surplus > BigInt(digits.length)) return '0';
  const cut = digits.length - Number(surplus);
  const up = digits[cut]! >= '5';
  const kept = digits.slice(0, cut);
  return decimalForm(`${sign}${up ? increment(kept) : kept || '0'}e${-places}`);
}

function increment(digits: string): string {
  let at = digits.length - 1;
  while (digits[at] === '9') at -= 1;
  const zeros = '0'.repeat(digits.length - 1 - at);
  return at < 0 ? `1${zeros}` : `${digits.slice(0, at)}${Number(digits[at]) + 1}${zeros}`;
}

function firstOther(text: string): number {
  let at = 0;
  while (text[at] === '0') at += 1;
  return at;
}

function fault(text: string): never {
  throw new Error(`'${text}' is no number of JSON`);
}
