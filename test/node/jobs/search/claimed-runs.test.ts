import { expect } from "chai";
import { encodeClaims, MAX_CLAIM_RUNS } from "../../../../chain/workload/search/claims-file.ts";
import { claimedRuns } from "../../../../node/jobs/search/claimed-runs.ts";
import { type BlobSource, inMemory } from "../../../../node/workers/blob-source.ts";

const JOB = new Uint8Array(32).fill(3);

function fileOf(units: readonly bigint[], finds: readonly bigint[] = []): Uint8Array {
  const named = units.map((unit) => ({ unit, minNonce: 7n * unit }));
  return encodeClaims({ job: JOB, round: 2, node: 5, units: named, finds: [...finds] });
}

/** The same file in pieces of so many bytes. */
function inPieces(bytes: Uint8Array, size: number): BlobSource {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  return { ...inMemory(bytes), pieces };
}

describe("runs of units in a file of claims", () => {
  it("are those of its units, however the file is cut into pieces", async () => {
    const units = [0n, 1n, 2n, 9n, 10n, 40n];
    const bytes = fileOf(units, [3n, 4n]);
    const runs = [
      { from: 0, to: 3 },
      { from: 9, to: 11 },
      { from: 40, to: 41 },
    ];
    for (const size of [1, 7, 16, 45, 46, 47, 100, bytes.length]) {
      expect(await claimedRuns(inPieces(bytes, size), units.length), `${size}`).deep.equal(runs);
    }
  });

  it("are none where the node committed to no units", async () => {
    expect(await claimedRuns(inMemory(fileOf([], [3n])), 0)).deep.equal([]);
  });

  it("are not read from a file that is too short, or whose units do not rise", async () => {
    expect(await claimedRuns(inMemory(fileOf([1n, 2n])), 3)).equal(undefined);
    expect(await claimedRuns(inMemory(new Uint8Array(20)), 1)).equal(undefined);
    for (const units of [
      [4n, 4n],
      [4n, 3n],
    ]) {
      expect(await claimedRuns(inMemory(fileOf(units)), 2), `${units}`).equal(undefined);
    }
  });

  it("are not read where there are more of them than a claim may have, or numbers beyond all units", async () => {
    const most = Array.from({ length: MAX_CLAIM_RUNS }, (_, i) => BigInt(2 * i));
    expect(await claimedRuns(inMemory(fileOf(most)), most.length)).length(MAX_CLAIM_RUNS);
    const more = [...most, BigInt(2 * MAX_CLAIM_RUNS)];
    expect(await claimedRuns(inMemory(fileOf(more)), more.length)).equal(undefined);
    expect(await claimedRuns(inMemory(fileOf([2n ** 60n])), 1)).equal(undefined);
  });
});
