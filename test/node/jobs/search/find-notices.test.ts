import { expect } from "chai";
import { MAX_FINDS } from "../../../../chain/types/search.ts";
import { FindNotices } from "../../../../node/jobs/search/find-notices.ts";
import { EVERYTHING, NOTHING, searchOrder } from "../../../helpers/search-run.ts";

const { signal } = new AbortController();

/** Counts the nonces that are hashed; those above a limit have digests that are no find. */
function notices({ highest = 2_000n, fails = (): boolean => false } = {}) {
  const hashed: bigint[] = [];
  const spec = searchOrder("notices", { target: new Uint8Array(32).fill(7) });
  const own = new FindNotices(spec, {
    of: async (_, nonces) => {
      hashed.push(...nonces);
      if (fails()) throw new Error("no worker");
      return nonces.map((nonce) => (nonce <= highest ? NOTHING : EVERYTHING));
    },
  });
  return { own, hashed };
}

describe("attack: notices of finds without end", () => {
  it("cost one hash when the first of them is false, whatever else the node tells", async () => {
    const { own, hashed } = notices({ highest: 1_100n });
    expect(await own.isRight(1_050n, 5, signal)).equal(true);
    expect(await own.isRight(1_200n, 5, signal)).equal(false);
    for (let nonce = 1_000n; nonce < 2_500n; nonce++) await own.isRight(nonce, 5, signal);
    expect(hashed).deep.equal([1_050n, 1_200n]);
    // Others are heard as ever.
    expect(await own.isRight(1_001n, 6, signal)).equal(true);
  });

  it("cost as many hashes as a claim can name, where all are right, also all at once", async () => {
    const { own, hashed } = notices();
    const nonces = Array.from({ length: 500 }, (_, i) => 1_000n + BigInt(i));
    const told = await Promise.all(nonces.map((nonce) => own.isRight(nonce, 5, signal)));
    expect(told.filter(Boolean)).length(MAX_FINDS);
    expect(hashed).length(MAX_FINDS);
  });

  it("cost one hash for a find that all nodes tell, again and again", async () => {
    const { own, hashed } = notices();
    for (let i = 0; i < 100; i++) expect(await own.isRight(1_000n, i % 7, signal)).equal(true);
    expect(hashed).deep.equal([1_000n]);
  });

  it("are no fault of the node when there is no worker to look, and are looked at again, within bounds", async () => {
    let isDown = true;
    const { own, hashed } = notices({ fails: () => isDown });
    expect(await own.isRight(1_000n, 5, signal)).equal(false);
    isDown = false;
    expect(await own.isRight(1_000n, 5, signal)).equal(true);
    isDown = true;
    for (let i = 0; i < 1_000; i++) await own.isRight(1_001n, 5, signal);
    expect(hashed.length).at.most(2 * MAX_FINDS);
  });
});
