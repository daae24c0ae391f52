/**
 * A proposer knows the mix of its block before it builds it. If a draw could wait until a block has time for it, the
 * proposer would keep orders of its own in front of the draw, and withdraw them in the block whose mix suits it. On the
 * real rules: whatever it keeps in front, and whatever it withdraws where it knows the mix, every draw comes at its own
 * height and draws the same nodes. The last test has the rule of before, with a budget for draws, as a control.
 */
import { expect } from "chai";
import { stageOf } from "../../chain/audit/tick.ts";
import { taggedHash, toHex, uint32Bytes } from "../../chain/crypto/hash.ts";
import { drawNodes } from "../../chain/draw/frozen-weights.ts";
import { phaseOf } from "../../chain/job/phase.ts";
import { AUDIT_ANSWERS } from "../../chain/types/audit.ts";
import type { Job } from "../../chain/types/job.ts";
import { jobSpec } from "../helpers/job-run.ts";
import { BareChain } from "../sim/bare-chain.ts";

const NODES = 60;
/** Accounts of the proposer that open orders. */
const CLIENTS = 45;
/** Every third node is one of its own. */
const isOwn = (node: number): boolean => node % 3 === 0;
const DELAY = 4;
/** Height at which what is attacked is to be drawn. */
const DRAWN = 40;
const VICTIM = NODES - 1;
const ESCROW = 1_000_000_000n;

type Kind = "order" | "auditors" | "committee";

interface Strategy {
  /** Orders of its own that are opened before the victim's, to be drawn in the same block. */
  readonly orders: number;
  /** Jobs of its own whose deadline comes in that block, many more than a block has steps for. */
  readonly deadlines: boolean;
  /** Those of them that it withdraws in the block of the draw, whose mix it knows. */
  readonly withdraws: "none" | "orders" | "deadlines" | "all";
}

const STRATEGIES: readonly Strategy[] = [0, 20, CLIENTS].flatMap((orders) =>
  [false, true].flatMap((deadlines) =>
    (["none", "orders", "deadlines", "all"] as const).map((withdraws) => {
      return { orders, deadlines, withdraws };
    }),
  ),
);

class Race {
  readonly chain: BareChain;
  readonly #strategy: Strategy;
  readonly #orders: Uint8Array[] = [];
  readonly #deadlines: Uint8Array[] = [];
  #victim: Uint8Array = new Uint8Array(0);

  constructor(seed: number, strategy: Strategy) {
    this.chain = new BareChain(NODES, { windowOffset: 100_000, drawDelay: DELAY }, seed);
    this.#strategy = strategy;
  }

  get victim(): Job {
    return this.#job(this.#victim);
  }

  /** To the block of the draw, with it. */
  run(kind: Kind): this {
    while (this.chain.height < DRAWN) {
      this.chain.step(() => {
        this.#keepInFront();
        this.#leadUp(kind);
        if (this.chain.height === DRAWN) this.#withdraw();
      });
    }
    return this;
  }

  #keepInFront(): void {
    const { height } = this.chain;
    const { orders, deadlines } = this.#strategy;
    if (height === DRAWN - DELAY) {
      for (let i = 0; i < orders; i++) this.#orders.push(this.#open(i, 1000));
    }
    const phaseBlocks = DRAWN - height - DELAY;
    if (deadlines && height >= 20 && height < 26) {
      for (let i = 0; i < CLIENTS; i++) this.#deadlines.push(this.#open(i, phaseBlocks));
    }
  }

  #withdraw(): void {
    const { withdraws } = this.#strategy;
    const some = [
      ...(withdraws === "orders" || withdraws === "all" ? this.#orders : []),
      ...(withdraws === "deadlines" || withdraws === "all" ? this.#deadlines : []),
    ];
    for (const id of some) {
      const job = this.#job(id);
      const client = this.#clientOf(job);
      expect(this.chain.send(client, "job-cancel", { job: id })).to.equal(true);
    }
  }

  /** What makes the victim's draw come at `DRAWN`. */
  #leadUp(kind: Kind): void {
    const { chain } = this;
    const fixed = DRAWN - DELAY;
    if (kind === "order") {
      if (chain.height === fixed) this.#victim = this.#open(VICTIM, 1000);
      return;
    }
    // After the jobs whose deadline comes at the same height, so that those come first.
    const begin = 26;
    if (chain.height === begin) this.#victim = this.#open(VICTIM, 1000);
    if (chain.height === begin + DELAY + 1) this.#commitMost();
    const cancelledAt = kind === "auditors" ? fixed : fixed - DELAY - 1;
    if (chain.height === cancelledAt) {
      chain.send(chain.person(VICTIM), "job-cancel", { job: this.#victim });
    }
    if (kind === "committee" && chain.height === fixed) this.#accuseAll();
  }

  #commitMost(): void {
    const { id, participants } = this.victim;
    // Without the last one, so that the round goes on.
    for (const { node } of participants.slice(0, -1)) {
      const hash = taggedHash("poml/simulated-update", uint32Bytes(node));
      const payload = { job: id, round: 1, updateHash: hash, checkpointRoot: hash, units: 1000 };
      const told = { ...payload, workMs: 1, updateBytes: 1 };
      expect(this.chain.send(this.chain.person(node), "job-commit", told)).to.equal(true);
    }
  }

  #accuseAll(): void {
    const { id, audits } = this.victim;
    const answer = AUDIT_ANSWERS.indexOf("mismatch");
    for (const { round, node, look, seats } of audits) {
      const auditor = this.chain.person(seats[0]?.node ?? -1);
      const told = { job: id, round, node, look, segment: 0, answer, proof: [] };
      expect(this.chain.send(auditor, "job-audit", told)).to.equal(true);
    }
  }

  #open(client: number, phaseBlocks: number): Uint8Array {
    const spec = jobSpec("job", { rounds: 1, phaseBlocks });
    const value = { spec, escrow: ESCROW };
    expect(this.chain.send(this.chain.person(client), "job-open", value)).to.equal(true);
    const { jobs } = this.chain.state;
    return jobs.at(jobs.length - 1).id;
  }

  #job(id: Uint8Array): Job {
    const { state } = this.chain;
    return state.jobs.at(state.jobIndex(id) ?? -1);
  }

  #clientOf({ client }: Job) {
    const node = Array.from({ length: NODES }, (_, i) => i).find(
      (i) => toHex(this.chain.person(i).address) === toHex(client),
    );
    return this.chain.person(node ?? -1);
  }
}

/** Whoever was drawn, and the height of it. */
function drawnFor(kind: Kind, { victim }: Race): unknown {
  if (kind === "order") {
    expect(phaseOf(victim)).to.equal("training");
    expect(victim.phaseSince).to.equal(DRAWN);
    return [victim.team, victim.participants.map(({ node }) => node)];
  }
  expect(victim.audits).to.have.length.of.at.least(3);
  return victim.audits.map((audit) => {
    expect(stageOf(audit)).to.equal(kind === "auditors" ? "replaying" : "judging");
    expect(audit.since).to.equal(DRAWN);
    return [audit.node, audit.look, audit.segment, audit.seats.map(({ node }) => node)];
  });
}

describe("attack: wait for a better mix", function () {
  this.timeout(120_000);

  for (const kind of ["order", "auditors", "committee"] as const) {
    it(`${kind}: drawn at their height, the same whatever is kept in front and withdrawn`, () => {
      for (const seed of [1, 2]) {
        const usual = drawnFor(kind, new Race(seed, { ...NOTHING }).run(kind));
        for (const strategy of STRATEGIES) {
          const name = `${kind} ${seed} ${JSON.stringify(strategy)}`;
          expect(drawnFor(kind, new Race(seed, strategy).run(kind)), name).to.deep.equal(usual);
        }
      }
    });
  }

  it("costs what withdrawing orders costs, and gains nothing", () => {
    const own = Array.from({ length: CLIENTS }, (_, i) => i);
    const worth = ({ chain }: Race): bigint => {
      const { state } = chain;
      const held = own.map((i) => state.account(chain.person(i).address).balance);
      const open = state.jobs.values().filter(({ phase }) => phase !== 6);
      const escrows = open.filter(({ client }) =>
        own.some((i) => toHex(chain.person(i).address) === toHex(client)),
      );
      // What comes back of a job that is withdrawn, or would if it were now.
      return [...held, ...escrows.map(({ escrow, opening }) => escrow - opening)].reduce(
        (sum, one) => sum + one,
        0n,
      );
    };
    const none = new Race(1, NOTHING).run("order");
    const before = worth(none);
    for (const withdraws of ["none", "all"] as const) {
      const race = new Race(1, { orders: CLIENTS, deadlines: true, withdraws }).run("order");
      const weightOf = ({ chain }: Race): bigint =>
        own.filter(isOwn).reduce((sum, i) => sum + chain.state.nodes.at(i).rating, 0n);
      process.stdout.write(
        `      withdraws ${withdraws}: attacker ${before} -> ${worth(race)}, rating ${weightOf(none)} -> ${weightOf(race)}; victim's team stays ${race.victim.team}\n`,
      );
      expect(race.victim.team).to.deep.equal(none.victim.team);
      expect(worth(race) < before).to.equal(true);
    }
  });

  it("paid where draws waited for a block with time for them (control)", () => {
    const DRAWS = 200;
    const MIXES = [1, 6, 16];
    const { chain } = new Race(1, NOTHING);
    const isWon = (mix: Uint8Array, id: Uint8Array): boolean => {
      const seed = taggedHash("poml/job/v1", mix, id);
      const team = drawNodes(chain.state, { seed, tag: "poml/job-team/v1", count: 3 });
      return team.filter(isOwn).length >= 2;
    };
    const won = MIXES.map((blocks) => {
      let count = 0;
      for (let draw = 0; draw < DRAWS; draw++) {
        const id = taggedHash("poml/simulated-id", uint32Bytes(draw));
        // 32 orders for each block of waiting; a third of the blocks are its own, and others' blocks do the draw last.
        const own = Array.from({ length: blocks }, (_, i) => i).filter(
          (i) => i === blocks - 1 || (draw * 7 + i) % 3 === 0,
        );
        const mixes = own.map((i) => taggedHash("poml/simulated-mix", id, uint32Bytes(i)));
        if (mixes.some((mix) => isWon(mix, id))) count++;
      }
      return count / DRAWS;
    });
    process.stdout.write(
      `      teams with an own majority, a third of the weight: ${won.map((part, i) => `${(100 * part).toFixed(0)} % in ${MIXES[i]} blocks`).join(", ")}\n`,
    );
    const [one = 1, , sixteen = 0] = won;
    expect(one).to.be.closeTo(0.26, 0.12);
    expect(sixteen).to.be.above(2 * one);
  });
});

const NOTHING: Strategy = { orders: 0, deadlines: false, withdraws: "none" };
