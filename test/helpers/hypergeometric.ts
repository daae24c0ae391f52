/** Exact chances of samples, in whole numbers up to the last division. */

/** `drawn` of `all` equal nodes are drawn, and one owner has `own` of them: its chance of more than a third. */
export function chanceOfThird(all: number, own: number, drawn: number): number {
  const least = Math.floor(drawn / 3) + 1;
  let ways = 0n;
  for (let own_ = least; own_ <= Math.min(own, drawn); own_++) {
    ways += choose(own, own_) * choose(all - own, drawn - own_);
  }
  return ratio(ways, choose(all, drawn));
}

/** The same with independent draws: no finite number of nodes makes the chance greater. */
export function chanceOfThirdApart(part: { of: number; in: number }, drawn: number): number {
  const [own, other] = [BigInt(part.of), BigInt(part.in - part.of)];
  let ways = 0n;
  for (let count = Math.floor(drawn / 3) + 1; count <= drawn; count++) {
    ways += choose(drawn, count) * own ** BigInt(count) * other ** BigInt(drawn - count);
  }
  return ratio(ways, BigInt(part.in) ** BigInt(drawn));
}

function choose(from: number, count: number): bigint {
  if (count < 0 || count > from) return 0n;
  let ways = 1n;
  for (let i = 1; i <= Math.min(count, from - count); i++) {
    ways = (ways * BigInt(from - Math.min(count, from - count) + i)) / BigInt(i);
  }
  return ways;
}

/** To fifteen digits, however small. */
function ratio(part: bigint, whole: bigint): number {
  const SCALE = 300n;
  return Number((part * 10n ** SCALE) / whole) / 1e150 / 1e150;
}
