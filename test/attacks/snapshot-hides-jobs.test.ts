/**
 * A snapshot has the roots of settled jobs, and a root does not say whether its job is settled. So whoever makes a
 * snapshot gives the root of a job under way where its record belongs: the state has the right root, but a node that
 * starts from it knows nothing of the job and refuses the next block that touches it. The money of a job under way is
 * in its record, and all money of a chain is accounted for, so the state is refused.
 */
import { expect } from "chai";
import { toHex } from "../../chain/crypto/hash.ts";
import type { Slot } from "../../chain/state/slots.ts";
import type { Job } from "../../chain/types/job.ts";
import { createSnapshot, readSnapshot } from "../../node/snapshots/create-snapshot.ts";
import { SnapshotStore } from "../../node/snapshots/snapshot-store.ts";
import { TestChain } from "../helpers/chain.ts";
import { expectCodeAsync } from "../helpers/expect-code.ts";
import { jobOf, jobSpec, openJob } from "../helpers/job-run.ts";
import { TemporaryFolders } from "../helpers/temporary.ts";

describe("attack: a snapshot hides jobs under way behind their roots", () => {
  const folders = new TemporaryFolders();
  afterEach(() => folders.removeAll());

  it("is refused, whichever of them it hides; so is one that shows the record of a settled job", async () => {
    const chain = new TestChain();
    const { client } = chain;
    const opened = [0, 1, 2].map((i) => {
      const open = openJob(chain, client, jobSpec(`job ${i}`));
      chain.advance(open);
      return open;
    });
    const records = () => opened.map((open) => jobOf(chain, open));
    const [settled] = records();
    const payload = { job: settled?.id ?? Uint8Array.of() };
    chain.advance(chain.transaction(client, "job-cancel", payload));
    chain.advance(chain.transaction(client, "job-settle", payload));
    const { state, hash } = chain.head;
    const snapshots = await SnapshotStore.open(await folders.create());
    const read = async (jobs: readonly Slot<Job>[]) => {
      const parts = { ...state.parts(), jobs };
      const named = { blockHash: hash, stateRoot: state.root(), seats: state.seats };
      const manifest = await createSnapshot({ parts, ...named }, snapshots, 2);
      return readSnapshot(manifest, (chunk) => snapshots.chunk(chunk), chain.supply());
    };
    const roots = [0, 1, 2].map((index) => state.jobRoot(index));
    const [first, second, third] = records();
    if (first === undefined || second === undefined || third === undefined) throw new Error("none");
    const [root0, root1, root2] = roots as [Uint8Array, Uint8Array, Uint8Array];
    const honest = await read([root0, second, third]);
    expect(toHex(honest.root())).to.equal(toHex(state.root()));
    for (const hiding of [roots, [root0, root1, third], [root0, second, root2]]) {
      const error = await expectCodeAsync(() => read(hiding), "BAD_SNAPSHOT");
      expect(error.message).to.contain("jobs under way are missing");
    }
    const shown = await expectCodeAsync(() => read([first, second, third]), "BAD_SNAPSHOT");
    expect(shown.message).to.contain("record of one of its jobs that is over");
  });
});
