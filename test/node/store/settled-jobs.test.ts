import { expect } from "chai";
import { toHex } from "../../../chain/crypto/hash.ts";
import { genesisHead } from "../../../chain/genesis.ts";
import { phaseOf } from "../../../chain/job/phase.ts";
import type { Job } from "../../../chain/types/job.ts";
import type { SignedTransaction } from "../../../chain/types/transaction.ts";
import { Chain } from "../../../node/chain/chain.ts";
import { JobArchive } from "../../../node/chain/job-archive.ts";
import { readTip } from "../../../node/chain/tip.ts";
import { repairStore } from "../../../node/maintenance/repair-store.ts";
import { verifyStore } from "../../../node/maintenance/verify-store.ts";
import { BaseStore } from "../../../node/store/base-store.ts";
import { heightBytes } from "../../../node/store/block-entries.ts";
import type { FinalChange } from "../../../node/store/chain-store.ts";
import { put, putRaw, remove, type Write } from "../../../node/store/database.ts";
import { bytesKey, numberKey } from "../../../node/store/keys.ts";
import { type OpenedStore, openStore } from "../../../node/store/open.ts";
import { recordWrites } from "../../../node/store/settled-entries.ts";
import { CertifiedChain } from "../../helpers/certified-chain.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { jobSpec, openJob } from "../../helpers/job-run.ts";
import { tamper } from "../../helpers/stored-chain.ts";
import { TemporaryFolders } from "../../helpers/temporary.ts";

describe("settled jobs in the store", () => {
  const folders = new TemporaryFolders();
  const opened: OpenedStore[] = [];
  let source: CertifiedChain;
  let dataDir: string;

  beforeEach(async () => {
    source = new CertifiedChain({ parameters: { epochBlocks: 8 } });
    dataDir = await folders.create();
  });

  afterEach(async () => {
    await close();
    await folders.removeAll();
  });

  async function close(): Promise<void> {
    for (const { store } of opened.splice(0)) await store.close();
  }

  /** A node's chain on the data directory, with the blocks the source has by now. */
  async function start(): Promise<Chain> {
    await close();
    const genesis = genesisHead(source.chain.genesis);
    const found = await openStore(dataDir, genesis);
    opened.push(found);
    const { store, head } = found;
    const tip = await readTip(store, head);
    const known = (signed: SignedTransaction): SignedTransaction => signed;
    const verified = new WeakSet<SignedTransaction>();
    const chain = new Chain({ genesisRoot: genesis.hash, head, tip }, { store, verified, known });
    for (const block of source.blocks.slice(chain.height)) await chain.import(block);
    return chain;
  }

  /** Job 0 is settled by block 4, job 1 is under way. */
  function play(): void {
    const { chain } = source;
    const step = (kind: "job-cancel" | "job-settle") =>
      source.advance([chain.transaction(chain.client, kind, { job: chain.job(0).id })]);
    for (const name of ["first", "second"]) {
      source.advance([openJob(chain, chain.client, jobSpec(name))]);
    }
    step("job-cancel");
    step("job-settle");
    source.advance();
  }

  const idOf = (index: number): Uint8Array => source.chain.job(index).id;

  it("are found by id and by index, at once and after a restart, and not in memory", async () => {
    play();
    for (let i = 0; i < 2; i++) {
      const chain = await start();
      const archive = new JobArchive(chain);
      expect(chain.state.jobs.get(0)).to.equal(undefined);
      for (const index of [0, 1]) {
        const job = source.chain.job(index);
        expect(await archive.find(job.id)).to.deep.equal({ index, job });
        expect(await archive.at(index)).to.deep.equal(job);
      }
      expect(await archive.at(2)).to.equal(undefined);
      expect(await archive.find(new Uint8Array(32))).to.equal(undefined);
      const listed: number[] = [];
      for await (const { index } of archive.between(1, 0)) listed.push(index);
      expect(listed).to.deep.equal([1, 0]);
      expect(toHex(chain.state.root())).to.equal(toHex(source.chain.head.state.root()));
    }
  });

  it("come from final blocks alone: a proposal that settles one, and is dropped, leaves nothing", async () => {
    const { chain } = source;
    source.advance([openJob(chain, chain.client, jobSpec("first"))]);
    source.advance([chain.transaction(chain.client, "job-cancel", { job: idOf(0) })]);
    const node = await start();
    const settle = chain.transaction(chain.client, "job-settle", { job: idOf(0) });
    const proposed = await node.check(source.build([settle]));
    expect(phaseOf(proposed.state.jobs.at(0))).to.equal("settled");
    const expectCancelled = async (): Promise<void> => {
      const found = await new JobArchive(node).find(idOf(0));
      expect(found?.job).to.deep.equal(chain.job(0));
      expect(phaseOf(chain.job(0))).to.equal("cancelled");
      expect(await node.store.settled.job(0)).to.equal(undefined);
    };
    await expectCancelled();
    await node.import(source.advance());
    await expectCancelled();
  });

  it("are under way again where the block that settled them is taken back", async () => {
    play();
    const { store } = await start();
    await store.undo();
    await store.undo();
    const { jobs } = await store.state();
    expect(jobs.activeCount).to.equal(2);
    expect(phaseOf(jobs.at(0))).to.equal("cancelled");
    expect(await store.settled.job(0)).to.equal(undefined);
    expect(await store.settled.indexOf(idOf(0))).to.equal(undefined);
    const again = new JobArchive(await start());
    expect(phaseOf((await again.at(0)) ?? source.chain.job(1))).to.equal("settled");
  });

  it("are kept of a replayed history only where the state names them, and found by their own id", async () => {
    play();
    const chain = await start();
    const { db, settled } = chain.store;
    const job = source.chain.job(0);
    const archive = new JobArchive(chain);
    await db.batch([remove(numberKey("settledJob", 0)), remove(bytesKey("settledIndex", job.id))]);
    const replay = (...jobs: [number, Job][]): Promise<void> =>
      new BaseStore(chain.store).keepSettled([
        { changes: { jobs: new Map(jobs) } } as unknown as FinalChange,
      ]);
    await replay([0, { ...job, escrow: 1n }], [1, job], [2, job]);
    expect([await settled.job(0), await settled.job(1), await settled.job(2)]).to.deep.equal([
      undefined,
      undefined,
      undefined,
    ]);
    expect(await archive.find(job.id)).to.equal(undefined);
    await replay([0, job]);
    expect(await archive.find(job.id)).to.deep.equal({ index: 0, job });
    const other = new Uint8Array(32).fill(3);
    await db.batch([put(bytesKey("settledIndex", other), heightBytes(0))]);
    expect(await archive.find(other)).to.equal(undefined);
  });

  it("are missed by verify-db where they are lost or false, and repair replays them", async () => {
    play();
    const { store } = await start();
    expect(await verifyStore(store)).to.deep.include({ faults: [], isStateSound: true });
    const { escrow, ...job } = source.chain.job(0);
    const damages: [Write[], string][] = [
      [[remove(numberKey("settledJob", 0))], "settled job 0 is missing"],
      [
        recordWrites(new Map([[0, { ...job, escrow: escrow + 1n }]])),
        "settled job 0 differs from its root in the state",
      ],
    ];
    for (const [writes, reason] of damages) {
      const damaged = await start();
      await damaged.store.db.batch(writes);
      const report = await verifyStore(damaged.store);
      expect(report).to.deep.include({ faults: [{ reason }], isStateSound: false });
      await close();
      expect((await repairStore(dataDir, genesisHead(source.chain.genesis))).action).to.equal(
        "rebuilt",
      );
      const found = await new JobArchive(await start()).find(idOf(0));
      expect(found).to.deep.equal({ index: 0, job: source.chain.job(0) });
    }
  });

  it("whose root is lost, or a job under way, stop a start with DAMAGED_STORE", async () => {
    play();
    for (const lost of [numberKey("jobsRoot", 0), numberKey("jobs", 1)]) {
      const { store } = await start();
      const [before] = await store.db.getManyRaw([lost]);
      if (before === undefined) throw new Error("nothing to lose");
      await store.db.batch([remove(lost)]);
      await close();
      const genesis = genesisHead(source.chain.genesis);
      await expectCodeAsync(() => openStore(dataDir, genesis), "DAMAGED_STORE");
      await tamper(dataDir, genesis, (db) => db.batch([putRaw(lost, before)]));
    }
  });
});
