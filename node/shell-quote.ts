/** Words of printed commands, so that a shell takes them as they are meant. */

const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** For POSIX shells; plain words stay as they are. */
export function shellQuote(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
