import { expect } from "chai";
import { blockHash } from "../../../chain/apply-block.ts";
import { toHex } from "../../../chain/crypto/hash.ts";
import { genesisHead } from "../../../chain/genesis.ts";
import { Certificate, CertifiedBlock, Header } from "../../../chain/types/block.ts";
import type { SignedTransaction } from "../../../chain/types/transaction.ts";
import { Chain } from "../../../node/chain/chain.ts";
import { Sync } from "../../../node/network/sync.ts";
import { openStore } from "../../../node/store/open.ts";
import { createLog } from "../../../node/telemetry/log.ts";
import { requestHeaders, serveBlocks } from "../../../p2p/protocols/blocks.ts";
import { serveStatus } from "../../../p2p/protocols/status.ts";
import { CertifiedChain } from "../../helpers/certified-chain.ts";
import { type LinkedHost, MemoryNetwork } from "../../helpers/memory-network.ts";
import { TemporaryFolders } from "../../helpers/temporary.ts";
import { until } from "../../helpers/until.ts";

const HEIGHT = 48;
type Serve = (from: number, count: number) => AsyncIterable<Uint8Array>;

describe("sync from several peers", function () {
  this.timeout(30_000);
  const network = new MemoryNetwork();
  const folders = new TemporaryFolders();
  const closing: (() => Promise<void>)[] = [];
  const epochs = { parameters: { epochBlocks: 8 } };
  const source = new CertifiedChain(epochs);
  const other = new CertifiedChain({ ...epochs, founders: 3 });
  const encoded = (chain: CertifiedChain): Uint8Array[] =>
    chain.blocks.map((block) => CertifiedBlock.serialize(block));
  let honestBytes: Uint8Array[];
  let otherBytes: Uint8Array[];

  before(() => {
    source.advance([source.transfer(5n)]);
    honestBytes = encoded(source.advanceTo(HEIGHT));
    otherBytes = encoded(other.advanceTo(HEIGHT));
  });

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    await folders.removeAll();
  });

  const honest: Serve = async function* (from, count) {
    yield* honestBytes.slice(from - 1, from - 1 + count);
  };

  /** Serves `change` of each block. */
  const altered = (change: (block: CertifiedBlock) => CertifiedBlock): Serve =>
    async function* (from, count) {
      for (const block of source.blocks.slice(from - 1, from - 1 + count)) {
        yield CertifiedBlock.serialize(change(block));
      }
    };

  async function server(serve: Serve, claim = { height: HEIGHT, lowest: 1 }): Promise<LinkedHost> {
    const host = network.host();
    const headHash = source.chain.head.hash;
    const genesisHash = source.chain.genesisRoot;
    await serveStatus(host, { status: () => ({ version: 1, genesisHash, headHash, ...claim }) });
    await serveBlocks(host, serve);
    return host;
  }

  interface Client {
    readonly host: LinkedHost;
    readonly chain: Chain;
    readonly sync: Sync;
  }

  async function client(options: ConstructorParameters<typeof Sync>[1] = {}): Promise<Client> {
    const host = network.host();
    const genesis = genesisHead(source.chain.genesis);
    const { store, head } = await openStore(await folders.create(), genesis);
    const tip = { header: undefined, certificate: undefined, seats: head.state.seats };
    const verified = new WeakSet<SignedTransaction>();
    const chain = new Chain(
      { genesisRoot: genesis.hash, head, tip },
      {
        store,
        verified,
        known: (signed) => signed,
      },
    );
    const sync = new Sync(
      { host, chain, log: createLog("silent") },
      { rangeBlocks: 8, requestGapMs: 20, ...options },
    );
    await sync.start();
    closing.push(
      () => store.close(),
      () => sync.stop(),
    );
    return { host, chain, sync };
  }

  /** Everybody knows the client before it looks for blocks. */
  async function catchUp(
    { host, chain, sync }: Client,
    servers: readonly LinkedHost[],
  ): Promise<void> {
    for (const each of servers) host.link(each);
    const poke = (): boolean => {
      sync.poke();
      return chain.height >= HEIGHT;
    };
    await until(poke, 20_000, "the last block");
    expect(toHex(chain.state.root())).to.equal(toHex(source.chain.head.state.root()));
    expect(toHex(chain.head.hash)).to.equal(toHex(source.chain.head.hash));
    for (const block of source.blocks) {
      expect(await chain.store.block(block.block.header.height)).to.deep.equal(block);
    }
  }

  const isBanned = (from: Client, peer: LinkedHost): boolean => from.host.isBanned(peer);

  const lies: Readonly<Record<string, Serve>> = {
    "signatures that do not hold": altered(({ block, certificate }) => {
      const [first, ...rest] = certificate.signatures;
      const forged = { seat: first?.seat ?? 0, signature: new Uint8Array(64) };
      return { block, certificate: { ...certificate, signatures: [forged, ...rest] } };
    }),
    "certificates of too little weight": altered(({ block, certificate }) => ({
      block,
      certificate: { ...certificate, signatures: certificate.signatures.slice(0, 2) },
    })),
    "another body under a certified header": altered(({ block, certificate }) => ({
      block: { ...block, body: { ...block.body, transactions: [source.transfer(6n)] } },
      certificate,
    })),
    "another parent certificate under a certified header": altered(({ block, certificate }) => ({
      block: {
        ...block,
        parentCertificate: {
          ...block.parentCertificate,
          signatures: block.parentCertificate.signatures.slice(0, 3),
        },
      },
      certificate,
    })),
    "the blocks of another chain": async function* (from, count) {
      yield* otherBytes.slice(from - 1, from - 1 + count);
    },
    "other heights than asked for": async function* (from, count) {
      yield* honestBytes.slice(from, from + count);
    },
    "bytes that do not decode": async function* () {
      yield new Uint8Array(1_000).fill(7);
    },
    "no certificates at all": altered(({ block }) => ({
      block,
      certificate: Certificate.defaultValue(),
    })),
  };

  it("bans the one of four that lies, and gets the chain from the others", async () => {
    const me = await client();
    const liar = await server(lies["another body under a certified header"] ?? honest);
    const others = [await server(honest), await server(honest), await server(honest)];
    await catchUp(me, [liar, ...others]);
    expect(isBanned(me, liar)).to.equal(true);
    for (const each of others) expect(isBanned(me, each)).to.equal(false);
  });

  it("keeps the certificates blocks carry, whatever comes beside blocks in the middle", async () => {
    const me = await client({ rangeBlocks: HEIGHT });
    const careless = altered(({ block, certificate }) => ({
      block,
      certificate:
        block.header.height === HEIGHT ? certificate : { ...certificate, signatures: [] },
    }));
    // One answer with all blocks: the last of them is certified.
    await catchUp(me, [await server(careless)]);
  });

  it("bans liars of every kind around one honest peer", async () => {
    const me = await client({ rangeBlocks: 4, maxRequests: 16 });
    const liars = new Map<string, LinkedHost>();
    for (const [name, serve] of Object.entries(lies)) liars.set(name, await server(serve));
    await catchUp(me, [...liars.values(), await server(honest)]);
    for (const [name, liar] of liars) expect(isBanned(me, liar), name).to.equal(true);
  });

  it("gets past peers that are empty, silent or stop midway, and bans none of them", async () => {
    const me = await client({ deadlineMs: 300, patienceMs: 100 });
    const empty = await server(async function* () {});
    const silent = await server(async function* () {
      await new Promise((resolve) => closing.push(async () => resolve(undefined)));
    });
    const stopping = await server(async function* (from) {
      yield* honestBytes.slice(from - 1, from + 1);
      throw new Error("the disk of this peer is gone");
    });
    const all = [empty, silent, stopping, await server(honest)];
    await catchUp(me, all);
    for (const each of all) expect(isBanned(me, each)).to.equal(false);
  });

  it("blames nobody for a final block that does not apply here", async () => {
    const me = await client();
    const [first] = source.blocks;
    if (first === undefined) throw new Error("no block");
    const header = { ...first.block.header, stateRoot: new Uint8Array(32) };
    const block = { ...first.block, header };
    const certificate = source.certify(block, genesisHead(source.chain.genesis).state.seats);
    const asked: number[] = [];
    const ahead = await server(
      async function* (from) {
        if (from !== 1) return;
        asked.push(from);
        yield CertifiedBlock.serialize({ block, certificate });
      },
      { height: 2, lowest: 1 },
    );
    me.host.link(ahead);
    await until(
      () => {
        me.sync.poke();
        return asked.length > 1;
      },
      10_000,
      "second try",
    );
    expect(me.chain.height).to.equal(0);
    expect(isBanned(me, ahead)).to.equal(false);
  });

  it("serves the headers of its blocks", async () => {
    const me = await client();
    await catchUp(me, [await server(honest)]);
    const other = network.host();
    other.link(me.host);
    const headers: string[] = [];
    for await (const bytes of requestHeaders(other, me.host.peerId, { from: 5, count: 10 })) {
      headers.push(toHex(blockHash(Header.deserialize(bytes))));
    }
    const expected = source.blocks.slice(4, 14).map((one) => toHex(one.certificate.blockHash));
    expect(headers).to.deep.equal(expected);
  });

  it("takes the blocks that a pruned node still has", async () => {
    const me = await client();
    const pruned = await server(honest, { height: HEIGHT, lowest: 25 });
    const short = await server(honest, { height: 24, lowest: 1 });
    await catchUp(me, [pruned, short]);
  });

  it("does not wait for heights that nobody has", async () => {
    const me = await client();
    const boaster = await server(honest, { height: 2 ** 40, lowest: 1 });
    await catchUp(me, [boaster]);
    await until(() => !me.sync.syncing, 5_000, "end of the sync");
    expect(isBanned(me, boaster)).to.equal(false);
  });

  it("continues where it was after a stop in the middle", async () => {
    const me = await client({ rangeBlocks: 4 });
    const serving = await server(async function* (from, count) {
      if (from > 24) await new Promise((resolve) => setTimeout(resolve, 5_000).unref());
      yield* honest(from, count);
    });
    me.host.link(serving);
    me.sync.poke();
    await until(() => me.chain.height >= 12, 10_000, "height 12");
    await me.sync.stop();
    expect((await me.chain.store.head())?.height).to.equal(me.chain.height);
    expect(me.chain.height).to.be.below(HEIGHT);
  });
});
