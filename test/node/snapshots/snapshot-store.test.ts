import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { toHex } from "../../../chain/crypto/hash.ts";
import type { State } from "../../../chain/state/state.ts";
import { createSnapshot, readSnapshot } from "../../../node/snapshots/create-snapshot.ts";
import { manifestId, type SnapshotManifest } from "../../../node/snapshots/manifest.ts";
import { SnapshotStore } from "../../../node/snapshots/snapshot-store.ts";
import { TestChain } from "../../helpers/chain.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { jobOf, jobSpec, openJob } from "../../helpers/job-run.ts";
import { TemporaryFolders } from "../../helpers/temporary.ts";

describe("snapshots of a data directory", () => {
  const folders = new TemporaryFolders();
  let folder: string;
  let snapshots: SnapshotStore;
  let chain: TestChain;

  beforeEach(async () => {
    folder = await folders.create();
    snapshots = await SnapshotStore.open(folder);
    chain = new TestChain();
  });

  afterEach(() => folders.removeAll());

  const create = (to: SnapshotStore, keep = 2) => {
    const { state, hash } = chain.head;
    const captured = {
      parts: state.parts(),
      blockHash: hash,
      stateRoot: state.root(),
      seats: state.seats,
    };
    return createSnapshot(captured, to, keep);
  };

  const read = (manifest: SnapshotManifest): Promise<State> =>
    readSnapshot(manifest, (hash) => snapshots.chunk(hash), chain.supply());

  it("brings the state back, and is the same on two nodes", async () => {
    chain.advanceTo(7);
    const manifest = await create(snapshots);
    const state = await read(manifest);
    expect(toHex(state.root())).to.equal(toHex(chain.head.state.root()));
    const elsewhere = await SnapshotStore.open(await folders.create());
    expect(toHex(manifestId(await create(elsewhere)))).to.equal(toHex(manifestId(manifest)));
  });

  it("keeps the newest, and no chunk that none of them names", async () => {
    for (const height of [3, 5, 8]) {
      chain.advanceTo(height);
      await create(snapshots);
    }
    const kept = await (await SnapshotStore.open(folder)).list();
    expect(kept.map(({ height }) => height)).to.deep.equal([5, 8]);
    const named = new Set(kept.flatMap(({ chunks }) => chunks.map(toHex)));
    expect(await readdir(join(folder, "snapshots", "blobs"))).to.have.members([...named]);
  });

  it("refuses a manifest that names another root with BAD_SNAPSHOT", async () => {
    const manifest = await create(snapshots);
    const other = { ...manifest, stateRoot: new Uint8Array(32) };
    await expectCodeAsync(() => read(other), "BAD_SNAPSHOT");
  });

  it("brings settled jobs back by their roots", async () => {
    const { client } = chain;
    const opened = ["settled", "open"].map((name) => {
      const open = openJob(chain, client, jobSpec(name));
      chain.advance(open);
      return open;
    });
    const [first] = opened.map((open) => jobOf(chain, open).id);
    const payload = { job: first ?? new Uint8Array(32) };
    chain.advance(chain.transaction(client, "job-cancel", payload));
    chain.advance(chain.transaction(client, "job-settle", payload));
    const { state } = chain.head;
    const back = await read(await create(snapshots));
    expect(toHex(back.root())).to.equal(toHex(state.root()));
    expect(back.jobs.length).to.equal(2);
    expect(back.jobs.get(0)).to.equal(undefined);
    expect(back.jobs.at(1)).to.deep.equal(state.jobs.at(1));
  });

  it("tells a damaged chunk from a missing one, and lists no damaged manifest", async () => {
    const manifest = await create(snapshots);
    const path = join(folder, "snapshots", "blobs", toHex(manifest.chunks[0] ?? new Uint8Array(0)));
    await writeFile(path, "something else");
    await expectCodeAsync(() => read(manifest), "BLOB_DAMAGED");
    await expectCodeAsync(() => read(manifest), "NO_SNAPSHOT");
    await writeFile(join(folder, "snapshots", "0.manifest"), new Uint8Array(40));
    expect(await snapshots.list()).to.deep.equal([]);
  });
});
