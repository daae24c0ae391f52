import { expect } from "chai";
import { toHex } from "../../../chain/crypto/hash.ts";
import { genesisHead } from "../../../chain/genesis.ts";
import type { CertifiedBlock } from "../../../chain/types/block.ts";
import type { SignedTransaction } from "../../../chain/types/transaction.ts";
import { Chain, type FinalBlock } from "../../../node/chain/chain.ts";
import type { ChainStore } from "../../../node/store/chain-store.ts";
import { openStore } from "../../../node/store/open.ts";
import { CertifiedChain } from "../../helpers/certified-chain.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { TemporaryFolders } from "../../helpers/temporary.ts";

const HEIGHT = 20;

describe("Chain", () => {
  const folders = new TemporaryFolders();
  const source = new CertifiedChain({ parameters: { epochBlocks: 8 } });
  const roots: string[] = [];
  let dataDir: string;
  let store: ChainStore;
  let chain: Chain;

  before(() => {
    const root = (): number => roots.push(toHex(source.chain.head.state.root()));
    root();
    for (let height = 1; height <= HEIGHT; height++) {
      source.advance(height % 3 === 0 ? [source.transfer(BigInt(height))] : []);
      root();
    }
  });

  beforeEach(async () => {
    dataDir = await folders.create();
    await open();
  });

  afterEach(async () => {
    await store.close();
    await folders.removeAll();
  });

  async function open(): Promise<void> {
    const genesis = genesisHead(source.chain.genesis);
    const opened = await openStore(dataDir, genesis);
    store = opened.store;
    const tip = { header: undefined, certificate: undefined, seats: opened.head.state.seats };
    const verified = new WeakSet<SignedTransaction>();
    chain = new Chain(
      { genesisRoot: genesis.hash, head: opened.head, tip },
      { store, verified, known: (signed) => signed },
    );
  }

  async function reopen(): Promise<void> {
    await store.close();
    await open();
  }

  const trusting = async (): Promise<void> => {};
  const rootNow = (): string => toHex(chain.state.root());

  it("takes many blocks in one batch, announces each, and finds them all after a restart", async () => {
    const announced: number[] = [];
    chain.onBlock(({ block }: FinalBlock) => announced.push(block.header.height));
    await chain.importAll(source.blocks.slice(0, 12), trusting);
    await chain.importAll(source.blocks.slice(5), trusting);
    expect(announced).to.deep.equal(source.blocks.map(({ block }) => block.header.height));
    expect(rootNow()).to.equal(roots[HEIGHT]);
    await reopen();
    expect(chain.height).to.equal(HEIGHT);
    expect(rootNow()).to.equal(roots[HEIGHT]);
  });

  it("lets other work run after each block, requests of readers among it", async () => {
    let turns = 0;
    let isOver = false;
    const turn = (): void => {
      turns++;
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    const seen: number[] = [];
    await chain.importAll(source.blocks, async () => {
      seen.push(turns);
    });
    isOver = true;
    expect(seen).to.have.length(HEIGHT);
    for (const [i, at] of seen.slice(1).entries()) expect(at).to.be.greaterThan(seen[i] ?? 0);
  });

  it("accepts the blocks before an invalid one", async () => {
    const bad = source.blocks.map((certified): CertifiedBlock => {
      const { block, certificate } = certified;
      const header = { ...block.header, stateRoot: new Uint8Array(32) };
      return block.header.height === 8 ? { block: { ...block, header }, certificate } : certified;
    });
    await expectCodeAsync(() => chain.importAll(bad, trusting), "ROOT_MISMATCH");
    expect(chain.height).to.equal(7);
    await reopen();
    expect(rootNow()).to.equal(roots[7]);
    await chain.importAll(source.blocks, trusting);
    expect(rootNow()).to.equal(roots[HEIGHT]);
  });

  it("takes nothing when there is a gap before the first block", async () => {
    await chain.importAll(source.blocks.slice(1), trusting);
    expect(chain.height).to.equal(0);
  });

  it("can take blocks of one batch back one by one, to the very state before each", async () => {
    await chain.importAll(source.blocks, trusting);
    for (let height = HEIGHT - 1; height >= 0; height--) {
      await store.undo();
      expect(toHex((await store.state()).root()), `height ${height}`).to.equal(roots[height]);
    }
  });

  it("refuses a block whose certificate does not hold, alone or with others", async () => {
    const [first] = source.blocks;
    if (first === undefined) throw new Error("no block");
    const certificate = { ...first.certificate, signatures: [] };
    await expectCodeAsync(
      () => chain.import({ block: first.block, certificate }),
      "CERTIFICATE_TOO_LITTLE_WEIGHT",
    );
    expect(await chain.import(first)).to.equal(true);
    expect(await chain.import(first)).to.equal(false);
  });
});
