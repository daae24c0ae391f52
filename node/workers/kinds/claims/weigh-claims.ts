/** Reads a file of claims, hashes the nonces that it names, and adds up how small its smallest digests are. */
import { type ClaimPlace, readClaims } from "../../../../chain/workload/search/claims-file.ts";
import { unitShare } from "../../../../chain/workload/search/statistics.ts";
import { type Cut, unitAt } from "../../../../chain/workload/search/units.ts";
import { DIGEST_BYTES } from "../../../../ml/search/abi.ts";
import type { UnitRun, WeighedClaims } from "./task.ts";

/** @returns 32 bytes for each nonce, in order */
export type HashNonces = (nonces: BigUint64Array) => Promise<Uint8Array>;

/** @returns undefined for a file to which no honest node commits @throws what `hash` throws */
export async function weighClaims(
  bytes: Uint8Array,
  place: ClaimPlace,
  cut: Cut,
  hash: HashNonces,
): Promise<WeighedClaims | undefined> {
  const file = readClaims(bytes, place, cut);
  if (file === undefined) return undefined;
  const { finds, units } = file;
  const nonces = BigUint64Array.from([...finds, ...units.map(({ minNonce }) => minNonce)]);
  const digests = nonces.length === 0 ? new Uint8Array(0) : await hash(nonces);
  const digestAt = (at: number): Uint8Array =>
    digests.subarray(at * DIGEST_BYTES, (at + 1) * DIGEST_BYTES);
  let share = 0n;
  units.forEach(({ unit }, i) => {
    const { from, to } = unitAt(cut, unit);
    share += unitShare(to - from, digestAt(finds.length + i));
  });
  return {
    runs: runsOf(units.map(({ unit }) => Number(unit))),
    finds: finds.map((nonce, i) => ({ nonce, digest: digestAt(i).slice() })),
    share,
  };
}

/** @param units rising */
function runsOf(units: readonly number[]): UnitRun[] {
  const runs: { from: number; to: number }[] = [];
  for (const unit of units) {
    const last = runs.at(-1);
    if (last?.to === unit) last.to++;
    else runs.push({ from: unit, to: unit + 1 });
  }
  return runs;
}
