const SHORT = 12;

/** @param hash hex */
export function shortHash(hash: string): string {
  return `${hash.slice(0, SHORT)}…`;
}
