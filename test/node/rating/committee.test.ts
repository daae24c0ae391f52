/** Verifier, members of a committee and claimant of one window over a chain, all in this process. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { sealOf, unreachable } from "../../../chain/committee/seal.ts";
import { sha256, toHex } from "../../../chain/crypto/hash.ts";
import { merkleProof } from "../../../chain/proof/hash-tree.ts";
import type { Parameters } from "../../../chain/types/genesis.ts";
import { VERDICTS } from "../../../chain/types/node.ts";
import type { Payload, Payloads, SignedTransaction } from "../../../chain/types/transaction.ts";
import { CommitteeMember } from "../../../node/rating/committee-member.ts";
import { LaneStates } from "../../../node/rating/lane-states.ts";
import type { SegmentPlace, ServedSegment } from "../../../node/rating/segment-exchange.ts";
import { SegmentVerifier } from "../../../node/rating/segment-verifier.ts";
import { WindowService } from "../../../node/rating/window-service.ts";
import { WorkerError } from "../../../node/workers/worker-error.ts";
import { TestChain } from "../../helpers/chain.ts";
import {
  claim,
  claimBy,
  firstWindow,
  judgeAll,
  laneHashes,
  laneStates,
  verifiersOf,
} from "../../helpers/window-run.ts";

const SEGMENTS = 30;
const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
const settled = (): Promise<void> => new Promise((done) => setTimeout(done, 5));

/** Who waits finds that the time has passed. */
class PassingClock {
  #time = 0;

  monotonic(): number {
    return this.#time;
  }

  async sleep(ms: number): Promise<void> {
    this.pass(ms);
  }

  pass(ms: number): void {
    this.#time += ms;
  }
}

/** One claim of node 0, and what nodes send. */
class Scene {
  readonly chain: TestChain;
  readonly sent: { node: number; payload: Payload; lifetime: number }[] = [];
  /** What the claimant serves; undefined = nothing. */
  served: ((place: SegmentPlace, timeoutMs: number) => ServedSegment | undefined) | undefined = (
    place,
  ) => {
    const claimant = this.chain.personOfNode(0);
    const hashes = laneHashes(claimant, SEGMENTS);
    return {
      startState: laneStates(claimant, SEGMENTS)[place.index] ?? new Uint8Array(),
      startPath: [...merkleProof(hashes, place.index).siblings],
      endPath: [...merkleProof(hashes, place.index + 1).siblings],
    };
  };

  constructor(parameters: Partial<Parameters> = {}) {
    this.chain = new TestChain({ founders: 9, parameters });
  }

  /** Moves by as much as somebody waits. */
  readonly clock = new PassingClock();

  /** What a replay of a segment comes to. */
  replay = async (index: number): Promise<Uint8Array> => this.hashAt(index + 1);

  hashAt(index: number): Uint8Array {
    return laneHashes(this.chain.personOfNode(0), SEGMENTS)[index] ?? new Uint8Array(32);
  }

  claimed(): void {
    const { closes, checksDrawn } = firstWindow(this.chain);
    this.chain.advanceTo(closes);
    this.chain.advance(claim(this.chain, this.chain.personOfNode(0), SEGMENTS));
    this.chain.advanceTo(checksDrawn);
  }

  /** @returns the committee */
  disputed(): number[] {
    this.claimed();
    judgeAll(this.chain, () => "mismatch");
    return claimBy(this.chain, 0).appeal.members.map(({ verifier }) => verifier);
  }

  modulesOf(node: number) {
    const { chain } = this;
    return {
      log,
      clock: this.clock,
      peerOf: (other: number) => `peer ${other}`,
      chain: {
        get state() {
          return chain.head.state;
        },
        get height() {
          return chain.height;
        },
      },
      segments: {
        ask: async (_: string, place: SegmentPlace, timeoutMs: number) =>
          this.served?.(place, timeoutMs),
      },
      workers: { replay: ({ index }: { index: number }) => this.replay(index) },
      duties: {
        send: async (payload: Payload, lifetime = 0) => {
          this.sent.push({ node, payload, lifetime });
          return new Uint8Array(32);
        },
      },
    };
  }

  publicKeyOf(node: number): Uint8Array {
    return this.chain.personOfNode(node).keys.publicKey;
  }

  /** Takes what was sent since into a block. */
  take(): SignedTransaction[] {
    const signed = this.sent.splice(0).map(({ node, payload }) => {
      const value = payload.value as Payloads["window-verdict"];
      return this.chain.transaction(this.chain.personOfNode(node), "window-verdict", value, {
        fee: 0n,
      });
    });
    return [...this.chain.advance(...signed).body.transactions];
  }

  findings(): Payloads["window-verdict"]["findings"] {
    return this.sent.flatMap(
      ({ payload }) => (payload.value as Payloads["window-verdict"]).findings,
    );
  }
}

const verdictsIn = (scene: Scene): (string | undefined)[] =>
  scene.findings().map(({ verdict }) => VERDICTS[verdict]);

describe("SegmentVerifier", () => {
  it("reports each segment it was drawn for, once, as the chain takes it", async () => {
    const scene = new Scene();
    scene.claimed();
    const verifiers = verifiersOf(claimBy(scene.chain, 0));
    const services = verifiers.map(
      (node) => new SegmentVerifier({ publicKey: scene.publicKeyOf(node) }, scene.modulesOf(node)),
    );
    for (let block = 0; block < 2; block++) {
      for (const service of services) service.onBlock();
      await settled();
    }
    expect(verdictsIn(scene)).to.deep.equal(["match", "match"]);
    expect(scene.take()).to.have.length(2);
    expect(scene.chain.head.state.nodes.at(0).ratedWindow).to.equal(1);
  });

  it("waits for a claimant that holds requests open only as long as it can still report it in time", async () => {
    for (const segmentsPerVerifier of [1, 4, 16]) {
      const scene = new Scene({ segmentsPerVerifier });
      scene.claimed();
      scene.served = (_, timeoutMs) => {
        scene.clock.pass(timeoutMs);
        return undefined;
      };
      const [node = -1] = verifiersOf(claimBy(scene.chain, 0));
      new SegmentVerifier({ publicKey: scene.publicKeyOf(node) }, scene.modulesOf(node)).onBlock();
      await settled();
      expect(verdictsIn(scene)).to.deep.equal(Array(segmentsPerVerifier).fill("not-served"));
      const { verdictBlocks, blockIntervalMs } = scene.chain.head.state.parameters;
      const stageMs = verdictBlocks * blockIntervalMs;
      expect(scene.clock.monotonic(), "not at once").to.be.at.least((stageMs * 2) / 3);
      expect(scene.clock.monotonic(), "but in time").to.be.at.most(stageMs);
    }
  });
});

describe("CommitteeMember", () => {
  async function answerOf(scene: Scene, node: number): Promise<CommitteeMember> {
    const member = new CommitteeMember(
      { publicKey: scene.publicKeyOf(node) },
      scene.modulesOf(node),
    );
    member.onBlock();
    await settled();
    return member;
  }

  it("seals the state that it reached, so that nobody can tell whether it matches", async () => {
    for (const isTrue of [true, false]) {
      const scene = new Scene();
      const [node = -1] = scene.disputed();
      if (!isTrue) scene.replay = async (index) => sha256(scene.hashAt(index));
      await answerOf(scene, node);
      const { segment } = claimBy(scene.chain, 0).appeal;
      const reached = await scene.replay(segment);
      const [finding] = scene.findings();
      expect(finding?.verdict).to.equal(VERDICTS.indexOf("sealed"));
      expect(finding?.endHash).to.deep.equal(sealOf(reached, scene.publicKeyOf(node)));
      expect(scene.take()).to.have.length(1);
    }
  });

  it("seals the same as all others if no state can be reached, and reports if it was not served", async () => {
    const scene = new Scene();
    const [a = -1, b = -1, c = -1] = scene.disputed();
    scene.replay = () =>
      Promise.reject(
        new WorkerError("no such state", {
          code: "TASK_FAILED",
          kind: "replay",
          worker: "0",
          reason: "BAD_CHECKPOINT",
        }),
      );
    await answerOf(scene, a);
    await answerOf(scene, b);
    const { lanes, appeal } = claimBy(scene.chain, 0);
    const root = lanes[0]?.checkpointRoot ?? new Uint8Array();
    const reached = unreachable("no-state", root, appeal.segment);
    const seals = scene.findings().map(({ endHash }) => toHex(endHash));
    expect(seals).to.deep.equal(
      [a, b].map((node) => toHex(sealOf(reached, scene.publicKeyOf(node)))),
    );
    scene.sent.splice(0);
    scene.served = undefined;
    await answerOf(scene, c);
    expect(verdictsIn(scene)).to.deep.equal(["not-served"]);
  });

  it("shows the state of its seal at once if it is another one", async () => {
    const scene = new Scene();
    const nodes = scene.disputed();
    scene.replay = async (index) => sha256(scene.hashAt(index));
    const members: CommitteeMember[] = [];
    for (const node of nodes) members.push(await answerOf(scene, node));
    expect(scene.take()).to.have.length(5);
    for (const member of members) member.onBlock();
    await settled();
    expect(verdictsIn(scene)).to.deep.equal(Array(5).fill("mismatch"));
    expect(scene.take()).to.have.length(5);
    expect(scene.chain.head.state.nodes.at(0)).to.include({ capacity: 0n, bond: 500_000_000n });
  });

  it("continues to ask after a pause of its own process, and does not blame the claimant for it", async () => {
    const scene = new Scene();
    const [node = -1] = scene.disputed();
    const { served } = scene;
    let tries = 0;
    scene.served = (place, timeoutMs) => {
      // The first request never comes back in the minute in which this process is stopped.
      scene.clock.pass(tries++ === 0 ? 60_000 : 1);
      return tries < 4 ? undefined : served?.(place, timeoutMs);
    };
    await answerOf(scene, node);
    expect(verdictsIn(scene)).to.deep.equal(["sealed"]);
  });

  it("answers nothing when its own worker fails, and tries again", async () => {
    const scene = new Scene();
    const [node = -1] = scene.disputed();
    const { replay } = scene;
    scene.replay = () => Promise.reject(new Error("out of memory"));
    const member = await answerOf(scene, node);
    expect(scene.sent).to.have.length(0);
    scene.replay = replay;
    member.onBlock();
    await settled();
    expect(verdictsIn(scene)).to.deep.equal(["sealed"]);
  });

  it("shows the state in its turn, one after the other, when the claimant does not", async () => {
    const scene = new Scene();
    const nodes = scene.disputed();
    const members: CommitteeMember[] = [];
    for (const node of nodes) members.push(await answerOf(scene, node));
    expect(scene.take()).to.have.length(5);
    const turns: number[] = [];
    for (let block = 0; block < 4; block++) {
      for (const member of members) member.onBlock();
      await settled();
      turns.push(scene.sent.length);
      scene.chain.advance();
    }
    // The claimant's block, then one member a block, each of them once.
    expect(turns).to.deep.equal([0, 1, 2, 3]);
    expect(scene.sent.map(({ node }) => node)).to.deep.equal(nodes.slice(0, 3));
    scene.sent.splice(1);
    expect(scene.take()).to.have.length(1);
    expect(scene.chain.head.state.claims).to.have.length(0);
  });
});

describe("WindowService", () => {
  let folder: string;
  let states: LaneStates;
  let answer: (place: SegmentPlace, peer: string) => Promise<ServedSegment | undefined>;

  async function claimantOf(scene: Scene): Promise<WindowService> {
    folder = await mkdtemp(join(tmpdir(), "poml-window-"));
    states = new LaneStates({ dataDir: folder });
    const claimant = scene.chain.personOfNode(0);
    const writer = await states.begin(scene.chain.head.state.window);
    for (const [index, state] of laneStates(claimant, SEGMENTS).entries()) {
      writer?.put(0, index, state);
    }
    await writer?.finish([laneHashes(claimant, SEGMENTS)]);
    const unused = () => Promise.reject(new Error("no work in this test"));
    return new WindowService(
      { publicKey: scene.publicKeyOf(0) },
      {
        ...scene.modulesOf(0),
        states,
        workers: { baseline: unused },
        meter: { start: unused },
        lanes: () => 1,
        segments: {
          serve(find) {
            answer = find;
          },
        },
      },
    );
  }

  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("shows the disputed state once all members have answered, once", async () => {
    const scene = new Scene();
    const nodes = scene.disputed();
    const service = await claimantOf(scene);
    service.onBlock();
    await settled();
    expect(scene.sent).to.have.length(0);
    for (const node of nodes) {
      const publicKey = scene.publicKeyOf(node);
      new CommitteeMember({ publicKey }, scene.modulesOf(node)).onBlock();
    }
    await settled();
    scene.take();
    for (let block = 0; block < 2; block++) {
      service.onBlock();
      await settled();
    }
    expect(verdictsIn(scene)).to.deep.equal(["match"]);
    expect(scene.sent[0]?.lifetime).to.equal(
      firstWindow(scene.chain).appealsUntil - scene.chain.height,
    );
    scene.take();
    expect(scene.chain.head.state.claims).to.have.length(0);
    expect(scene.chain.head.state.nodes.at(0).bond).to.equal(1000_000_000n);
  });

  it("serves a segment to its verifiers and its committee, and to nobody else", async () => {
    const scene = new Scene();
    const nodes = scene.disputed();
    await claimantOf(scene);
    const { checks, appeal } = claimBy(scene.chain, 0);
    const { lane, segment: index } = appeal;
    const place = { window: 1, lane, index };
    const accuser = checks.find(({ segment }) => segment === index)?.verifier;
    const drawn = [...nodes, accuser];
    for (let node = 0; node < 9; node++) {
      const served = await answer(place, `peer ${node}`);
      expect(served !== undefined, `node ${node}`).to.equal(drawn.includes(node));
    }
    const elsewhere = await answer({ ...place, index: index + 1 }, `peer ${nodes[0]}`);
    expect(elsewhere).to.equal(undefined);
  });
});
