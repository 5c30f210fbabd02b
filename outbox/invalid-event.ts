/** Every mistake of every event of one `append`; nothing was sent to the database. */
export class InvalidEventError extends Error {
  readonly mistakes: readonly string[];
  constructor(mistakes: readonly string[]) {
    super(
      mistakes.length === 1
        ? `nothing was appended: ${mistakes[0]}`
        : `nothing was appended, ${mistakes.length} mistakes:\n${mistakes.map((mistake) => `  ${mistake}`).join('\n')}`,
    );
    this.name = 'InvalidEventError';
    this.mistakes = mistakes;
  }
}
