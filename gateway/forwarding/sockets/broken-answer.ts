/** What an upstream sent is no answer of HTTP/1.1, or no two readers would agree on where it ends. */
export class BrokenAnswer extends Error {}
