/** The unit of amounts, and amounts as they are shown to people. Everywhere else they are bigint micro-POML. */

const DECIMALS = 6;
/** One POML in micro-units. */
export const POML = 1_000_000n;

/** @returns POML without trailing zeros, e.g. `12.5` */
export function formatAmount(micro: bigint): string {
  const sign = micro < 0n ? "-" : "";
  const value = micro < 0n ? -micro : micro;
  const fraction = (value % POML).toString().padStart(DECIMALS, "0").replace(/0+$/, "");
  return `${sign}${value / POML}${fraction === "" ? "" : `.${fraction}`}`;
}
