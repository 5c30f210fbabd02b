/** Text that is HTML already and is not escaped again. */
export interface Html {
  readonly html: string;
}

type Piece = string | number | Html | readonly Html[] | undefined | false;

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A template whose values are escaped, unless they are HTML themselves. `undefined` and `false` are nothing. */
export function html(strings: TemplateStringsArray, ...pieces: Piece[]): Html {
  return { html: String.raw({ raw: strings }, ...pieces.map(render)) };
}

function render(piece: Piece): string {
  if (piece === undefined || piece === false) return '';
  if (typeof piece === 'string' || typeof piece === 'number') {
    return String(piece).replace(/[&<>"']/g, (character) => ESCAPES[character]!);
  }
  return 'html' in piece ? piece.html : piece.map(render).join('');
}
