/** Numbers and hashes as people read them. Amounts come as the API's decimal strings. */
import { formatAmount } from "../../chain/amount.ts";

/** @param micro micro-POML, decimal */
export function poml(micro: string | bigint): string {
  return formatAmount(BigInt(micro));
}

/** Ratings and capacities are micro-GFLOP/s; shown as GFLOP/s with two decimals. */
export function gflops(micro: string | bigint): string {
  return (Number(micro) / 1e6).toFixed(2);
}

/** @param fraction 0 to 1 */
export function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(2)} %`;
}

/** Hashes a second in millions, or in thousands below one. */
export function hashRate(perSecond: number): string {
  if (perSecond < 1e6) return `${(perSecond / 1e3).toFixed(1)} kH/s`;
  return `${(perSecond / 1e6).toFixed(2)} MH/s`;
}

const LARGE = [
  [1e15, "P"],
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
] as const;

/** Hashes or nonces, e.g. `16.78 M`; exact below a million. */
export function hashCount(count: bigint | string): string {
  const value = Number(count);
  const [size, letter] = LARGE.find(([least]) => value >= least) ?? [];
  return size === undefined ? String(count) : `${(value / size).toFixed(2)} ${letter}`;
}

export function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 2 : 0)} MiB`;
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

export function shortHash(hex: string): string {
  return `${hex.slice(0, 12)}…`;
}

/** @param unixMs a time in the past */
export function timeAgo(unixMs: number, now: number = Date.now()): string {
  const past = Math.max(0, Math.round((now - unixMs) / 1000));
  if (past < 120) return `${past} s ago`;
  if (past < 7200) return `${Math.round(past / 60)} min ago`;
  return `${Math.round(past / 3600)} h ago`;
}
