import { expect } from "chai";
import { toHex } from "../../../chain/crypto/hash.ts";
import type { PomlError } from "../../../chain/errors.ts";
import type { SignedTransaction } from "../../../chain/types/transaction.ts";
import { JobArchive } from "../../../node/chain/job-archive.ts";
import { CertifiedChain } from "../../helpers/certified-chain.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { jobSpec, openJob } from "../../helpers/job-run.ts";
import {
  type LedgerNode,
  type LedgerNodeOptions,
  startLedgerNode,
} from "../../helpers/ledger-node.ts";
import { MemoryNetwork } from "../../helpers/memory-network.ts";
import { TemporaryFolders } from "../../helpers/temporary.ts";
import { until } from "../../helpers/until.ts";

const HEIGHT = 30;
const SNAPSHOT = 23;
const WAIT_MS = 20_000;

describe("joining by a snapshot", function () {
  this.timeout(60_000);
  const folders = new TemporaryFolders();
  const network = new MemoryNetwork();
  const nodes: LedgerNode[] = [];
  const lasting = new TemporaryFolders();
  /** Nodes with the whole chain and two snapshots, for all tests. */
  const servers: LedgerNode[] = [];
  const source = new CertifiedChain({ parameters: { epochBlocks: 8 } });
  const roots: string[] = [];

  before(async () => {
    for (let height = 1; height <= HEIGHT; height++) {
      source.advance(height % 4 === 0 ? [source.transfer(BigInt(height))] : jobSteps(height));
      roots[height] = toHex(source.chain.head.state.root());
    }
    for (let i = 0; i < 2; i++) {
      servers.push(
        await provider({
          dataDir: await lasting.create(),
        }),
      );
    }
    nodes.length = 0;
  });

  after(async () => {
    for (const node of servers) await node.stop();
    await lasting.removeAll();
  });

  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.stop();
    await folders.removeAll();
  });

  /** Two jobs: the first is settled long before the snapshot, the second after it. */
  function jobSteps(height: number): SignedTransaction[] {
    const { chain } = source;
    const ended = (index: number) => ({ job: chain.job(index).id });
    switch (height) {
      case 1:
      case 2:
        return [openJob(chain, chain.client, jobSpec(`job ${height}`))];
      case 5:
        return [chain.transaction(chain.client, "job-cancel", ended(0))];
      case 6:
        return [chain.transaction(chain.client, "job-settle", ended(0))];
      case SNAPSHOT + 2:
        return [chain.transaction(chain.client, "job-cancel", ended(1))];
      case SNAPSHOT + 3:
        return [chain.transaction(chain.client, "job-settle", ended(1))];
      default:
        return [];
    }
  }

  const trust = (height: number) => ({
    height,
    hash: source.blocks[height - 1]?.certificate.blockHash ?? new Uint8Array(32),
  });

  async function start(options: Partial<LedgerNodeOptions> = {}): Promise<LedgerNode> {
    const node = await startLedgerNode({
      dataDir: options.dataDir ?? (await folders.create()),
      genesis: source.chain.genesis,
      host: network.host(),
      everyEpochs: 0,
      keep: 2,
      ...options,
    });
    nodes.push(node);
    return node;
  }

  /** A node with the whole chain, and with snapshots at 7, 15 and 23 of which it keeps two. */
  async function provider(options: Partial<LedgerNodeOptions> = {}): Promise<LedgerNode> {
    const node = await start({ everyEpochs: 1, ...options });
    for (const block of source.blocks) {
      await node.chain.import(block);
      const { height } = node.chain;
      if (options.everyEpochs === 0 || (height + 1) % 8 !== 0) continue;
      await until(
        async () => (await node.snapshots.list()).some((one) => one.height === height),
        WAIT_MS,
        `snapshot ${height}`,
      );
    }
    return node;
  }

  async function stopNode(node: LedgerNode): Promise<void> {
    nodes.splice(nodes.indexOf(node), 1);
    await node.stop();
  }

  const reaches = (node: LedgerNode, height: number): Promise<void> =>
    until(() => node.chain.height >= height, WAIT_MS, `height ${height}`);

  const confirmed = (node: LedgerNode): Promise<void> =>
    until(() => node.chain.store.lowest === 1, WAIT_MS, "confirmed history");

  it("starts from the snapshot below a trusted block, follows, and confirms its history", async () => {
    const [older, newer] = (await servers[0]?.snapshots.list()) ?? [];
    expect([older?.height, newer?.height]).to.deep.equal([15, SNAPSHOT]);
    expect(toHex(newer?.stateRoot ?? new Uint8Array(0))).to.equal(roots[SNAPSHOT]);
    const dataDir = await folders.create();
    const me = await start({ dataDir, trust: trust(27) });
    let base = 0;
    me.chain.onBlock(({ block }) => {
      base ||= block.header.height - 1;
    });
    me.dial(servers);
    await reaches(me, HEIGHT);
    expect(base).to.equal(SNAPSHOT);
    expect(toHex(me.chain.state.root())).to.equal(roots[HEIGHT]);
    await confirmed(me);
    expect(await me.chain.store.block(1)).to.deep.equal(source.blocks[0]);
    expect(me.failures).to.deep.equal([]);
    await stopNode(me);
    const again = await start({ dataDir, trust: trust(27) });
    expect(again.chain.height).to.equal(HEIGHT);
    expect(again.joining.progress).to.deep.equal({ snapshot: undefined, history: undefined });
  });

  it("has the jobs settled after the snapshot at once, and those before with their blocks", async () => {
    const ids = [0, 1].map((index) => source.chain.job(index).id);
    const dataDir = await folders.create();
    // It idles for long before it goes on with what it replays.
    const first = await start({ dataDir, trust: trust(27), replayIdleShare: 10_000 });
    first.dial(servers);
    await reaches(first, HEIGHT);
    const early = new JobArchive(first.chain);
    expect(await early.find(ids[1] ?? Uint8Array.of())).to.deep.equal({
      index: 1,
      job: source.chain.job(1),
    });
    expect(first.chain.store.lowest).to.equal(SNAPSHOT);
    await stopNode(first);
    for (const keepsBlocks of [false, true]) {
      const me = await start({ dataDir, trust: trust(27), keepsBlocks });
      me.dial(servers);
      await until(() => me.isReady(), WAIT_MS, "start");
      await until(() => me.joining.progress.history === undefined, WAIT_MS, "end of the replay");
      const archive = new JobArchive(me.chain);
      for (const [index, id] of ids.entries()) {
        const found = await archive.find(id);
        expect(found, `job ${index}`).to.deep.equal({ index, job: source.chain.job(index) });
      }
      await stopNode(me);
    }
  });

  it("takes a hash of the snapshot's own height, and of the newest block", async () => {
    for (const height of [SNAPSHOT, HEIGHT]) {
      const me = await start({ trust: trust(height) });
      me.dial(servers);
      await reaches(me, HEIGHT);
      expect(me.failures).to.deep.equal([]);
    }
  });

  it("refuses chunks that are not what they should be, and takes them from another", async () => {
    const liar = await provider({ serveChunk: (bytes) => bytes.map((byte) => byte ^ 1) });
    const me = await start({ trust: trust(27) });
    me.dial([liar]);
    await until(() => me.host.scoreOf(liar.host) < 0, WAIT_MS, "refused chunk");
    me.dial(servers);
    await reaches(me, HEIGHT);
    expect(toHex(me.chain.state.root())).to.equal(roots[HEIGHT]);
  });

  it("bans a peer that offers a snapshot of another state under the right header", async () => {
    const [honest] = servers;
    const [older, newer] = (await honest?.snapshots.list()) ?? [];
    if (honest === undefined || older === undefined || newer === undefined) throw new Error("none");
    const forged = await provider({ everyEpochs: 0 });
    for (const hash of older.chunks) {
      await forged.snapshots.putChunk((await honest.snapshots.chunk(hash)) ?? new Uint8Array(0));
    }
    const { chunks, bytes } = older;
    await forged.snapshots.add({ ...newer, chunks, bytes }, 1);
    const me = await start({ trust: trust(27) });
    me.dial([forged]);
    await until(() => me.host.isBanned(forged.host), WAIT_MS, "ban");
    me.dial([honest]);
    await reaches(me, HEIGHT);
    expect(toHex(me.chain.state.root())).to.equal(roots[HEIGHT]);
  });

  it("stops with TRUST_MISMATCH when nobody has the trusted block", async () => {
    const me = await start({ trust: { height: 27, hash: new Uint8Array(32).fill(7) } });
    me.dial(servers);
    await until(() => me.failures.length > 0, WAIT_MS, "failure");
    const [failure] = me.failures;
    expect(failure).to.include({ code: "TRUST_MISMATCH" });
    expect((failure as PomlError).remedy).to.contain("height and hash");
    expect(me.isReady()).to.equal(false);
    expect(me.chain.height).to.equal(0);
  });

  it("starts from genesis if nobody has a snapshot, and still requires the trusted block", async () => {
    const server = await provider({ everyEpochs: 0 });
    const me = await start({ trust: trust(27) });
    me.dial([server]);
    await reaches(me, HEIGHT);
    expect(me.chain.store.lowest).to.equal(1);
    const dataDir = await folders.create();
    const wrong = await start({ dataDir });
    wrong.dial([server]);
    await reaches(wrong, HEIGHT);
    await stopNode(wrong);
    const other = { height: 27, hash: new Uint8Array(32).fill(7) };
    await expectCodeAsync(() => start({ dataDir, trust: other }), "TRUST_MISMATCH");
  });

  it("goes on after a stop in the middle of the chunks, and in the middle of the history", async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const withheld = await provider({
      serveChunk: async () => {
        await held;
        throw new Error("not now");
      },
    });
    const dataDir = await folders.create();
    const first = await start({ dataDir, trust: trust(27) });
    first.dial([withheld]);
    await until(() => first.joining.progress.snapshot?.stage === "chunks", WAIT_MS, "chunks stage");
    const stopping = stopNode(first);
    release();
    await stopping;
    const second = await start({ dataDir, trust: trust(27) });
    expect(second.chain.height).to.equal(0);
    second.dial(servers);
    await until(() => second.isReady(), WAIT_MS, "snapshot");
    await stopNode(second);
    const third = await start({ dataDir });
    expect(third.chain.height).to.be.at.least(SNAPSHOT);
    third.dial(servers);
    await reaches(third, HEIGHT);
    await confirmed(third);
  });

  it("stops with HISTORY_MISMATCH when the blocks from genesis lead elsewhere", async () => {
    const dataDir = await folders.create();
    // It idles for long before it would confirm what it replayed, and leaves no block of it behind.
    const victim = await start({
      dataDir,
      trust: trust(SNAPSHOT),
      replayIdleShare: 10_000,
      keepsBlocks: false,
    });
    victim.dial(servers);
    await until(() => victim.isReady(), WAIT_MS, "snapshot");
    await stopNode(victim);
    const other = new CertifiedChain({ parameters: { epochBlocks: 8 } });
    other.advance([other.transfer(99n)]);
    other.advanceTo(SNAPSHOT);
    const forked = await start();
    for (const block of other.blocks) await forked.chain.import(block);
    const again = await start({ dataDir });
    again.dial([forked]);
    await until(() => again.failures.length > 0, WAIT_MS, "failure");
    expect(again.failures[0]).to.include({ code: "HISTORY_MISMATCH" });
  });

  it("checks the history of a node that prunes without keeping it", async () => {
    const me = await start({ trust: trust(27), keepsBlocks: false });
    me.dial(servers);
    await until(() => me.isReady(), WAIT_MS, "snapshot");
    await until(() => me.joining.progress.history === undefined, WAIT_MS, "end of the replay");
    expect(me.chain.store.lowest).to.equal(SNAPSHOT);
    expect(me.failures).to.deep.equal([]);
  });
});
