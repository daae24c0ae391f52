/** Quotes the words of printed commands, so that a shell reads them as intended. */

const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** For POSIX shells; plain words stay unchanged. */
export function shellQuote(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
