/**
 * Jobs over the chain's own rules whose team belongs to somebody who wants to harm the participants: more than half
 * of it signs whatever its owner says, and the client is the owner too. Participants and auditors are honest.
 */

import { sha256, toHex } from "../../chain/crypto/hash.ts";
import { hasCommitted, phaseOf } from "../../chain/job/phase.ts";
import { merkleRoot } from "../../chain/proof/hash-tree.ts";
import { factorsOf, ratingOf } from "../../chain/rating/formula.ts";
import { AUDIT_ANSWERS } from "../../chain/types/audit.ts";
import { type Job, type JobSpec, UPDATE_CHECKS } from "../../chain/types/job.ts";
import { ZERO_HASH } from "../../chain/types/primitive.ts";
import type { Payloads, TransactionKind } from "../../chain/types/transaction.ts";
import { trainProgress, trainSpec } from "../../chain/workload/train/train-of.ts";
import { jobSpec, matchProof, metricsAt, stateHashes } from "../helpers/job-run.ts";
import { BareChain } from "./bare-chain.ts";

/** What the owner of team and client does with a round in which everybody has committed. */
export type Malice =
  | "records all"
  | "records its own only"
  | "refuses the others"
  | "records nothing"
  | "cancels before the last commit";

export interface HostileOptions {
  readonly nodes: number;
  readonly teamSize: number;
  readonly quorum: number;
  readonly rounds: number;
  readonly malice: Malice;
  readonly seed: number;
}

/** What somebody has; sums where there are several. */
export interface Holding {
  readonly balance: bigint;
  readonly bond: bigint;
  /** As the next window would rate it: the product of the factors now. */
  readonly rating: bigint;
  readonly failed: number;
  readonly verified: number;
}

const BLOCKS = 2_000;
/** No window comes in between, and nothing fades. */
const PARAMETERS = { windowOffset: 100_000, ratingHalfLife: 7 * 86_400 };

export class HostileTeams {
  readonly chain: BareChain;
  readonly #options: HostileOptions;
  #job: Uint8Array | undefined;
  readonly #rounds = new Set<string>();

  constructor(options: HostileOptions) {
    this.#options = options;
    this.chain = new BareChain(options.nodes, PARAMETERS, options.seed);
  }

  /** Nodes of the attacker: just enough to sign for a team. */
  get attackers(): number {
    return Math.floor(this.#options.teamSize / 2) + 1;
  }

  get client(): bigint {
    return this.chain.state.account(this.chain.base.client.address).balance;
  }

  /** Rounds in which everybody had committed, whatever became of them. */
  get rounds(): number {
    return this.#rounds.size;
  }

  holding(nodes: readonly number[]): Holding {
    const { state } = this.chain;
    const sum = { balance: 0n, bond: 0n, rating: 0n, failed: 0, verified: 0 };
    for (const index of nodes) {
      const node = state.nodes.at(index);
      sum.balance += state.account(this.chain.person(index).address).balance;
      sum.bond += node.bond;
      sum.rating += ratingOf(factorsOf(node, state.meta.time, state.parameters));
      sum.failed += node.failed;
      sum.verified += node.verified;
    }
    return sum;
  }

  /** Orders one job after the other until so many rounds were trained, and settles the last. */
  run(): void {
    const { rounds } = this.#options;
    for (let block = 0; block < BLOCKS; block++) {
      if (this.job === undefined && this.rounds >= rounds) return;
      this.chain.step(() => this.#block());
    }
    throw new Error(`${this.rounds} rounds after ${BLOCKS} blocks`);
  }

  get job(): Job | undefined {
    const index = this.#job === undefined ? undefined : this.chain.state.jobIndex(this.#job);
    const job = index === undefined ? undefined : this.chain.state.jobs.at(index);
    return job === undefined || phaseOf(job) === "settled" ? undefined : job;
  }

  #block(): void {
    const { job } = this;
    if (job === undefined) {
      this.#open();
      return;
    }
    this.#answerAudits(job);
    const phase = phaseOf(job);
    if (phase === "training") {
      this.#takeTeam(job);
      this.#train(job);
    } else if (phase === "revealing") this.#reveal(job);
    else if (phase !== "drawing") this.#send(0, "job-settle", { job: job.id });
  }

  #open(): void {
    const { nodes, teamSize, quorum, rounds } = this.#options;
    const spec: JobSpec = jobSpec("job", {
      rounds: Math.max(1, rounds - this.rounds),
      participants: nodes,
      quorum,
      teamSize,
      trainChunks: nodes,
      trainRows: 600 * nodes,
      phaseBlocks: 4,
    });
    const { state, base } = this.chain;
    const value = { spec, escrow: 100_000_000_000n };
    if (!this.chain.send(base.client, "job-open", value)) throw new Error("the order was refused");
    this.#job = state.jobs.at(state.jobs.length - 1).id;
  }

  /** As if it had redrawn for nothing until more than half of the team is its own. */
  #takeTeam(job: Job): void {
    if (job.team[0] === 0) return;
    const honest = job.team.filter((node) => node >= this.attackers);
    const own = Array.from({ length: this.attackers }, (_, node) => node);
    const team = [...own, ...honest].slice(0, job.team.length);
    const { state } = this.chain;
    state.jobs.set(state.jobIndex(job.id) ?? -1, { ...job, team });
  }

  #train(job: Job): void {
    const { malice, nodes } = this.#options;
    const open = job.participants.filter((participant) => !hasCommitted(participant));
    const isLast = malice === "cancels before the last commit" && open.length === 1;
    if (isLast) {
      this.#worked(job);
      this.chain.send(this.chain.base.client, "job-cancel", { job: job.id });
      return;
    }
    const { localEpochs, trainRows } = trainSpec(job.spec);
    const samples = (localEpochs * trainRows) / nodes;
    // The attacker's first node is last, so that the client can wait for all others.
    for (const { node } of open.toSorted((a, b) => b.node - a.node)) {
      if (node === 0 && open.length > 1) continue;
      this.#send(node, "job-commit", {
        job: job.id,
        round: job.round,
        updateHash: sha256(Uint8Array.of(job.round, job.round >> 8, node)),
        checkpointRoot: merkleRoot(stateHashes(job, job.round, node, samples)),
        units: samples,
        workMs: 1,
        updateBytes: 1,
      });
    }
  }

  #reveal(job: Job): void {
    const { malice } = this.#options;
    this.#worked(job);
    const committed = job.participants.filter(hasCommitted).sort((a, b) => a.node - b.node);
    const cosignatures = Array.from({ length: this.attackers }, (_, member) => {
      return { member, signature: new Uint8Array(64) };
    });
    const said = { job: job.id, round: job.round, manager: 0 };
    const { parameters: base } = trainProgress(job);
    if (malice === "refuses the others") {
      const refused = committed
        .filter(({ node }) => node >= this.attackers)
        .map(({ node, updateHash }) => {
          return { node, updateHash, check: UPDATE_CHECKS.indexOf("format") };
        });
      this.#send(0, "job-refuse", { refusal: { ...said, base, refused }, cosignatures });
    } else if (malice !== "records nothing") {
      const isIn = (node: number): boolean => malice === "records all" || node < this.attackers;
      const contributions = committed
        .filter(({ node }) => isIn(node))
        .map(({ node, updateHash, units, workMs, updateBytes }) => {
          return { node, updateHash, units, workMs, updateBytes };
        });
      const modelAfter = sha256(Uint8Array.of(job.round, job.round >> 8));
      const metrics = metricsAt(job.round);
      const value = { modelBefore: base, modelAfter, serverState: ZERO_HASH, metrics };
      const gain = { selector: 0, value } as const;
      const record = { ...said, contributions, durationMs: 1, gain };
      this.#send(0, "job-round", { record, cosignatures });
    }
  }

  #worked({ id, round }: Job): void {
    this.#rounds.add(`${toHex(id)}/${round}`);
  }

  #answerAudits(job: Job): void {
    for (const audit of job.audits) {
      for (const seat of audit.seats) {
        if (AUDIT_ANSWERS[seat.answer] !== "none") continue;
        this.#send(seat.node, "job-audit", {
          job: job.id,
          round: audit.round,
          node: audit.node,
          look: audit.look,
          answer: AUDIT_ANSWERS.indexOf("match"),
          segment: 0,
          proof: matchProof(job, audit),
        });
      }
    }
  }

  #send<K extends TransactionKind>(node: number, kind: K, value: Payloads[K]): void {
    this.chain.send(this.chain.person(node), kind, value);
  }
}
