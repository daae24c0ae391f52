import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { sha256 } from "../../../chain/crypto/hash.ts";
import type { Proposal } from "../../../chain/types/block.ts";
import type { SignedTransaction } from "../../../chain/types/transaction.ts";
import type { Vote } from "../../../chain/types/vote.ts";
import type { LaneClaim } from "../../../chain/types/window.ts";
import type { FinalBlock } from "../../../node/chain/chain.ts";
import type { JournalEntry } from "../../../node/consensus/journal-file.ts";
import { KeyElsewhere, KeyWatch } from "../../../node/consensus/key-watch.ts";
import type { NodeLog } from "../../../node/telemetry/log.ts";
import { sameBytes, TestChain } from "../../helpers/chain.ts";
import { expectCode } from "../../helpers/expect-code.ts";
import { TemporaryFolders } from "../../helpers/temporary.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const folders = new TemporaryFolders();
const watches: Promise<KeyWatch>[] = [];

interface BlockOptions {
  readonly isJournaled?: boolean;
  readonly precommit?: Uint8Array;
}

/** A key watch beside a chain and a journal of the test's own. */
class Watched {
  readonly test = new TestChain({ stepMs: 60_000n });
  readonly self = this.test.founders[0] as TestChain["client"];
  readonly other = this.test.founders[1] as TestChain["client"];
  readonly entries: JournalEntry[] = [];
  readonly errors: string[] = [];
  floor = 0;
  #seats = this.test.head.state.seats;
  #listener: (final: FinalBlock) => void = () => {};

  open(dataDir: string, resume = false): Promise<KeyWatch> {
    const { test, entries, errors } = this;
    const self = this;
    const chain = {
      get state() {
        return test.head.state;
      },
      get height() {
        return test.height;
      },
      get tip() {
        return { header: undefined, certificate: undefined, seats: self.#seats };
      },
      onBlock(listener: (final: FinalBlock) => void) {
        self.#listener = listener;
        return () => {};
      },
    };
    const journal = {
      entries: (height: number) =>
        entries.filter((entry) =>
          entry.kind === "vote"
            ? entry.vote.height === height
            : entry.kind === "proposal" && entry.proposal.height === height,
        ),
      maySign: (height: number) => height >= this.floor,
    };
    const log: NodeLog = {
      debug: () => {},
      info: () => {},
      warn: () => {},
      error: (message) => void errors.push(message),
      child: () => log,
    };
    // The process starts when the chain does; a block comes a minute.
    const clock = { now: () => Number(test.genesis.time) };
    const { publicKey } = this.self.keys;
    const watch = KeyWatch.open({ dataDir, publicKey, resume }, { chain, journal, clock, log });
    watches.push(watch);
    return watch;
  }

  /**
   * The next block. What this node proposes is in its journal unless the test says otherwise.
   * @param precommit signature of this node's seat in the certificate
   */
  block({ isJournaled = true, precommit }: BlockOptions = {}): void {
    const proposal = this.proposal();
    const { block } = proposal;
    if (isJournaled) this.entries.push({ kind: "proposal", proposal });
    this.#seats = this.test.head.state.seats;
    this.test.take(block);
    const signatures = precommit === undefined ? [] : [{ seat: this.#seat, signature: precommit }];
    const { height, round } = block.header;
    const { hash } = this.test.head;
    const certificate = { height, round, blockHash: hash, signatures };
    this.#listener({ block, hash, certificate, jobs: new Map() });
  }

  get #seat(): number {
    return this.#seats.findIndex((seat) => sameBytes(seat.publicKey, this.publicKey));
  }

  get publicKey(): Uint8Array {
    return this.self.keys.publicKey;
  }

  vote(height: number, content = "block"): Vote {
    const signature = new Uint8Array(64).fill(sha256(text(content))[0] ?? 0);
    return {
      height,
      round: 0,
      type: 0,
      blockHash: sha256(text(content)),
      validRound: 0,
      seat: 0,
      signature,
    };
  }

  proposal(): Proposal {
    const block = this.test.build();
    const { height } = block.header;
    return { height, round: 0, validRound: 0, block, signature: new Uint8Array(64) };
  }

  claim(window: number, opens: number, root: string): SignedTransaction {
    const lanes: LaneClaim[] = [{ segments: 3, checkpointRoot: sha256(text(root)) }];
    const value = { window, opens, lanes, energyMillijoules: 0n, energySource: 0 };
    return this.test.transaction(this.self, "window-commit", value);
  }
}

describe("KeyWatch", () => {
  afterEach(async () => {
    for (const watch of watches.splice(0)) await (await watch).idle();
    await folders.removeAll();
  });

  /** Live: a block came that is younger than the process. */
  async function live(): Promise<{ node: Watched; watch: KeyWatch; dataDir: string }> {
    const dataDir = await folders.create();
    const node = new Watched();
    const watch = await node.open(dataDir);
    node.block();
    return { node, watch, dataDir };
  }

  it("hears a vote that this node did not sign, says so loudly and signs no more", async () => {
    const { node, watch } = await live();
    expect(watch.maySign).to.equal(true);
    watch.vote(node.publicKey, node.vote(2));
    expect(watch.heard).to.deep.equal({ kind: "vote", height: 1 });
    expect(watch.maySign).to.equal(false);
    expectCode(() => watch.check(), "KEY_ELSEWHERE");
    expect(node.errors).to.have.lengthOf(1);
    expect(node.errors[0]).to.include("this node's key signs elsewhere");
    for (let block = 0; block < 130; block++) node.block();
    expect(node.errors, "and again, after a while").to.have.lengthOf(2);
  });

  it("recognises its own messages when they come back", async () => {
    const { node, watch } = await live();
    const proposal = node.proposal();
    node.entries.push({ kind: "vote", vote: node.vote(2) }, { kind: "proposal", proposal });
    watch.vote(node.publicKey, node.vote(2));
    watch.proposal(node.publicKey, proposal);
    expect(watch.heard).to.equal(undefined);
  });

  it("hears a vote for another block, and another proposal", async () => {
    for (const isVote of [true, false]) {
      const { node, watch } = await live();
      const proposal = node.proposal();
      node.entries.push({ kind: "vote", vote: node.vote(2) }, { kind: "proposal", proposal });
      if (isVote) watch.vote(node.publicKey, node.vote(2, "another block"));
      else watch.proposal(node.publicKey, { ...proposal, round: 1 });
      expect(watch.heard?.kind).to.equal(isVote ? "vote" : "proposal");
    }
  });

  it("finds a proposal and a precommit in a final block that it did not sign", async () => {
    const proposed = await live();
    for (let block = 0; block < 40 && proposed.watch.heard === undefined; block++) {
      proposed.node.block({ isJournaled: false });
    }
    expect(proposed.watch.heard?.kind).to.equal("proposal");
    const certified = await live();
    const vote = certified.node.vote(2, "own");
    certified.node.entries.push({ kind: "vote", vote });
    certified.node.block({ precommit: vote.signature });
    expect(certified.watch.heard).to.equal(undefined);
    certified.node.block({ precommit: new Uint8Array(64).fill(9) });
    expect(certified.watch.heard?.kind).to.equal("vote");
  });

  it("ignores what other keys sign", async () => {
    const { node, watch } = await live();
    watch.vote(node.other.keys.publicKey, node.vote(2));
    watch.proposal(node.other.keys.publicKey, node.proposal());
    expect(watch.contradiction(node.other.keys.publicKey)).to.equal(false);
    expect(watch.heard).to.equal(undefined);
  });

  it("ignores messages of an earlier run of the node that somebody repeats", async () => {
    const dataDir = await folders.create();
    const node = new Watched();
    const watch = await node.open(dataDir);
    watch.vote(node.publicKey, node.vote(1));
    watch.transaction(node.claim(1, 1, "root").transaction);
    node.block();
    watch.vote(node.publicKey, node.vote(1));
    expect(watch.heard, "heights that began before the process").to.equal(undefined);
    node.floor = 5;
    watch.vote(node.publicKey, node.vote(4));
    expect(watch.heard, "where it abstains since it may have signed and forgotten").to.equal(
      undefined,
    );
    watch.vote(node.publicKey, node.vote(5));
    expect(watch.heard?.kind).to.equal("vote");
  });

  it("distinguishes its own claims of work, under any nonce, from others", async () => {
    const { node, watch } = await live();
    const own = node.claim(7, 2, "root");
    watch.said(own.transaction);
    watch.transaction(own.transaction);
    watch.transaction({ ...own.transaction, nonce: 9, fee: 77n });
    expect(watch.heard).to.equal(undefined);
    watch.transaction(node.claim(7, 2, "another root").transaction);
    expect(watch.heard?.kind).to.equal("claim");
  });

  it("hears a claim for a window in which it claimed nothing", async () => {
    const { node, watch } = await live();
    watch.transaction(node.claim(7, 2, "root").transaction);
    expect(watch.heard?.kind).to.equal("claim");
  });

  it("stops at a contradiction under its own key, whatever it knows", async () => {
    const { node, watch } = await live();
    expect(watch.contradiction(node.publicKey)).to.equal(true);
    expect(watch.maySign).to.equal(false);
  });

  it("stays silent over a restart, until the owner says that the other node is stopped", async () => {
    const { node, watch, dataDir } = await live();
    watch.vote(node.publicKey, node.vote(2));
    await watch.idle();
    const again = await node.open(dataDir);
    expect(again.heard).to.deep.equal({ kind: "vote", height: 1 });
    expect(again.maySign).to.equal(false);
    const resumed = await node.open(dataDir, true);
    expect(resumed.heard).to.equal(undefined);
    expect(resumed.maySign, "the other may have signed at the height under way").to.equal(false);
    node.block();
    node.block();
    expect(resumed.maySign).to.equal(true);
    expect((await node.open(dataDir)).heard).to.equal(undefined);
  });

  it("signs nothing when its note cannot be read", async () => {
    const dataDir = await folders.create();
    await writeFile(join(dataDir, "key-heard-elsewhere.json"), '{"kind": "vo');
    const watch = await new Watched().open(dataDir);
    expect(watch.maySign).to.equal(false);
  });

  it("resumes without an error where nothing was noted", async () => {
    const watch = await new Watched().open(await folders.create(), true);
    expect(watch.maySign).to.equal(true);
    expect(() => watch.check()).to.not.throw(KeyElsewhere);
  });
});
