/** @param hex a digest or target, highest byte first @returns how many zero bits it begins with */
export function zeroBitsOf(hex: string): number {
  const first = hex.search(/[^0]/);
  if (first === -1) return 4 * hex.length;
  return 4 * first + Math.clz32(Number.parseInt(hex[first] ?? "0", 16)) - 28;
}
