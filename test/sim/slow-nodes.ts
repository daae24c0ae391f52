/**
 * Honest nodes in a window, in the rounds and audits of a job and on the open track, over the chain's own rules,
 * one of which is stopped, killed or slow. What a node does in a block is a model of its services: it asks, replays,
 * seals and shows as they do; work is made-up hashes, and replays find what was committed.
 */

import { auditDeadline } from "../../chain/audit/deadline.ts";
import { answerOf, stageOf } from "../../chain/audit/tick.ts";
import { isOpened, sealOf } from "../../chain/committee/seal.ts";
import { equalBytes, sha256 } from "../../chain/crypto/hash.ts";
import { hasCommitted, isOut, phaseOf } from "../../chain/job/phase.ts";
import { merkleProof, merkleRoot } from "../../chain/proof/hash-tree.ts";
import { areSealsIn } from "../../chain/rating/appeal.ts";
import {
  commitmentOf,
  hasResult,
  isShown,
  outputsDigest,
  trackSeal,
} from "../../chain/track/proof.ts";
import {
  ALL_SEGMENTS,
  AUDIT_ANSWERS,
  type Audit,
  type AuditAnswer,
} from "../../chain/types/audit.ts";
import type { Job } from "../../chain/types/job.ts";
import { VERDICTS } from "../../chain/types/node.ts";
import { ZERO_HASH } from "../../chain/types/primitive.ts";
import type { Finding } from "../../chain/types/transaction.ts";
import { trainProgress, trainSpec } from "../../chain/workload/train/train-of.ts";
import type { Person } from "../helpers/chain.ts";
import {
  jobSpec,
  matchProof,
  metricsAt,
  SGD,
  stateHashes,
  type TrainOrder,
} from "../helpers/job-run.ts";
import { RECIPE, trained } from "../helpers/track-run.ts";
import { laneHashes } from "../helpers/window-run.ts";
import type { BareChain } from "./bare-chain.ts";

/** What befalls one node. Heights are blocks of the run. */
export interface Trouble {
  readonly node: number;
  readonly kind: "pause" | "restart" | "slow" | "none";
  readonly from: number;
  /** Blocks; a slow node is slow all the time. */
  readonly blocks: number;
}

const SEGMENTS = 24;
/** Blocks that a replay, a training or a track run takes. */
const REPLAY = 1;
const TRAINING = 3;
const SLOW = 10;
/** Blocks a team waits for updates that are not served, and for a manager that is silent. */
const TEAM_PATIENCE = 4;

export class SlowNodes {
  readonly chain: BareChain;
  readonly #trouble: Trouble;
  /** By node: what it remembers of what it is doing. */
  readonly #memory: Map<string, number>[];
  #job: Uint8Array | undefined;
  readonly #recorded = new Set<number>();

  constructor(chain: BareChain, trouble: Trouble) {
    this.chain = chain;
    this.#trouble = trouble;
    this.#memory = Array.from({ length: chain.state.nodes.length }, () => new Map());
  }

  get job(): Job | undefined {
    const index = this.#job === undefined ? undefined : this.chain.state.jobIndex(this.#job);
    return index === undefined ? undefined : this.chain.state.jobs.at(index);
  }

  /** Rounds in which the node's update was recorded. */
  get recorded(): ReadonlySet<number> {
    return this.#recorded;
  }

  openJob(spec: Partial<TrainOrder>): void {
    const { client } = this.chain.base;
    const value = { spec: jobSpec("job", { optimizer: SGD, ...spec }), escrow: 100_000_000_000n };
    const before = this.chain.state.jobs.length;
    if (!this.chain.send(client, "job-open", value)) throw new Error("the order was refused");
    this.#job = this.chain.state.jobs.at(before).id;
  }

  run(until: number): void {
    while (this.chain.height < until) {
      this.chain.step(() => {
        this.#restart();
        for (let node = 0; node < this.#memory.length; node++) {
          if (this.#isAwake(node)) this.#act(node);
        }
      });
    }
  }

  #isAwake(node: number): boolean {
    const { kind, from, blocks, node: troubled } = this.#trouble;
    if (node !== troubled || (kind !== "pause" && kind !== "restart")) return true;
    return this.chain.height < from || this.chain.height >= from + blocks;
  }

  #restart(): void {
    const { kind, from, node } = this.#trouble;
    if (kind === "restart" && this.chain.height === from) this.#memory[node]?.clear();
  }

  /** True once the node has spent so many blocks on it. */
  #spent(node: number, name: string, blocks: number): boolean {
    const memory = this.#memory[node] ?? new Map<string, number>();
    const slow = this.#trouble.kind === "slow" && node === this.#trouble.node ? SLOW : 1;
    const done = (memory.get(name) ?? 0) + 1;
    memory.set(name, done);
    return done >= blocks * slow;
  }

  #knows(node: number, name: string): boolean {
    return this.#memory[node]?.has(name) === true;
  }

  #act(node: number): void {
    this.#window(node);
    this.#track(node);
    const job = this.job;
    if (job === undefined) return;
    this.#participate(node, job);
    this.#manage(node);
    for (const audit of this.job?.audits ?? []) this.#audit(node, audit);
  }

  // A benchmark window

  #window(node: number): void {
    const { state } = this.chain;
    const { window, height } = state;
    if (window.number === 0 || window.settledAt !== 0) return;
    if (height > window.opens && height <= window.closes) this.#spent(node, "worked", 1);
    if (height > window.closes && height <= window.claimsUntil) this.#claim(node);
    for (const claim of state.claims) {
      const { members } = claim.appeal;
      for (const check of claim.checks) {
        if (check.verifier !== node || check.verdict !== 0) continue;
        const answer = this.#asked(node, `check/${claim.node}/${check.segment}`, claim.node);
        if (answer !== undefined) this.#find(node, claim.node, check, answer);
      }
      const position = members.findIndex(({ verifier }) => verifier === node);
      const member = members[position];
      const name = `appeal/${claim.node}/${claim.appeal.called}`;
      if (areSealsIn(claim.appeal, height, state)) {
        const isClaimant = claim.node === node;
        const isTurn = position !== -1 && this.#knows(node, `${name}/match`);
        const waits = isClaimant ? 1 : 2 + position;
        if (
          (isClaimant || isTurn) &&
          !isOpened(claim.appeal) &&
          this.#spent(node, `${name}/show`, waits)
        ) {
          this.#find(node, claim.node, claim.appeal, "match");
        }
      } else if (member?.verdict === 0) {
        const answer = this.#asked(node, name, claim.node);
        if (answer === "match") this.#memory[node]?.set(`${name}/match`, 1);
        if (answer !== undefined) {
          this.#find(node, claim.node, claim.appeal, answer === "match" ? "sealed" : answer);
        }
      }
    }
  }

  /** Patience counts blocks in which the node itself was awake. */
  #asked(node: number, name: string, of: number): "match" | "not-served" | undefined {
    const { verdictBlocks } = this.chain.state.parameters;
    if (this.#isAwake(of)) return this.#spent(node, `${name}/replay`, REPLAY) ? "match" : undefined;
    const tried = (this.#memory[node]?.get(`${name}/asked`) ?? 0) + 1;
    this.#memory[node]?.set(`${name}/asked`, tried);
    return tried > (2 * verdictBlocks) / 3 ? "not-served" : undefined;
  }

  #claim(node: number): void {
    const who = this.chain.person(node);
    if (!this.#knows(node, "worked")) return;
    const { number: window, opens } = this.chain.state.window;
    const checkpointRoot = merkleRoot(laneHashes(who, SEGMENTS));
    const lanes = [{ segments: SEGMENTS, checkpointRoot }];
    const energy = { energyMillijoules: 0n, energySource: 0 };
    this.chain.send(who, "window-commit", { window, opens, lanes, ...energy });
  }

  #find(
    node: number,
    of: number,
    { lane, segment }: { readonly lane: number; readonly segment: number },
    verdict: (typeof VERDICTS)[number],
  ): void {
    const who = this.chain.person(node);
    const hashes = laneHashes(this.chain.person(of), SEGMENTS);
    const end = hashes[segment + 1] ?? ZERO_HASH;
    const proof = {
      match: { endHash: end, path: [...merkleProof(hashes, segment + 1).siblings] },
      sealed: { endHash: sealOf(end, who.keys.publicKey), path: [] },
      mismatch: { endHash: ZERO_HASH, path: [] },
      "not-served": { endHash: ZERO_HASH, path: [] },
    }[verdict];
    const finding: Finding = { lane, segment, verdict: VERDICTS.indexOf(verdict), ...proof };
    const { number: window } = this.chain.state.window;
    this.chain.send(who, "window-verdict", { window, node: of, findings: [finding] });
  }

  // The open track

  #track(node: number): void {
    const { state } = this.chain;
    const { track, height } = state;
    if (track.number === 0 || track.settledAt !== 0) return;
    const who = this.chain.person(node);
    const own = answerOfNode(who);
    const entry = state.trackEntries.find((one) => one.node === node);
    const number = track.number;
    if (
      entry === undefined &&
      height <= track.commitsUntil &&
      this.#spent(node, "train", TRAINING)
    ) {
      const commitment = commitmentOf(who.keys.publicKey, RECIPE, own.weights);
      this.chain.send(who, "track-commit", { track: number, commitment });
    }
    if (
      entry !== undefined &&
      !hasResult(entry) &&
      height > track.revealed &&
      this.#spent(node, "tell", TRAINING)
    ) {
      const { weights, counts, outputs } = own;
      const told = { weights, counts: [...counts], outputsDigest: outputsDigest(outputs) };
      this.chain.send(who, "track-result", { track: number, recipe: RECIPE, ...told });
    }
    for (const other of state.trackEntries) {
      const seat = other.judges.find((judge) => judge.node === node);
      const answer = answerOfNode(this.chain.person(other.node));
      const isSealed = seat !== undefined && !equalBytes(seat.seal, ZERO_HASH);
      if (seat !== undefined && !isSealed && height <= track.verdictsUntil) {
        if (!this.#spent(node, `judge/${other.node}`, TRAINING)) continue;
        const seal = trackSeal(answer, who.keys.publicKey);
        this.chain.send(who, "track-verdict", { track: number, node: other.node, seal });
      }
      const isOpen = height > track.verdictsUntil && !isShown(other) && hasResult(other);
      const waits = other.node === node ? 1 : 2;
      if (
        isOpen &&
        (other.node === node || isSealed) &&
        this.#spent(node, `show/${other.node}`, waits)
      ) {
        const shown = {
          track: number,
          node: other.node,
          outputs: answer.outputs,
          reached: ZERO_HASH,
        };
        this.chain.send(who, "track-show", shown);
      }
    }
  }

  // Rounds and audits of a job

  #participate(node: number, job: Job): void {
    const own = job.participants.find((participant) => participant.node === node);
    const isDue = own !== undefined && !hasCommitted(own) && !isOut(own);
    if (!isDue || phaseOf(job) !== "training") return;
    if (!this.#spent(node, `train/${job.round}/${job.extensions}`, TRAINING)) return;
    const { localEpochs, trainRows } = trainSpec(job.spec);
    const samples = localEpochs * Math.floor(trainRows / job.participants.length);
    this.chain.send(this.chain.person(node), "job-commit", {
      job: job.id,
      round: job.round,
      updateHash: sha256(Uint8Array.of(job.round, node)),
      checkpointRoot: merkleRoot(stateHashes(job, job.round, node, samples)),
      units: samples,
      workMs: 1,
      updateBytes: 1,
    });
  }

  /** The first of the team that is awake waits for who does not serve its update, then leaves it out. */
  #manage(node: number): void {
    const job = this.job;
    if (job === undefined || phaseOf(job) !== "revealing") return;
    const place = job.team.indexOf(node);
    const committed = job.participants.filter(hasCommitted);
    const missing = committed.filter((one) => !this.#isAwake(one.node));
    const waits = TEAM_PATIENCE * (place + (missing.length > 0 ? 2 : 0)) + 1;
    const name = `manage/${job.round}/${job.phaseSince}`;
    if (place === -1 || !this.#spent(node, name, waits)) return;
    const contributions = committed
      .filter((one) => !missing.includes(one))
      .map(({ node: of, updateHash, units, workMs, updateBytes }) => {
        return { node: of, updateHash, units, workMs, updateBytes };
      })
      .sort((a, b) => a.node - b.node);
    const signers = job.team.flatMap((member, at) => (this.#isAwake(member) ? [at] : []));
    const isTaken = this.chain.send(this.chain.person(node), "job-round", {
      record: {
        job: job.id,
        round: job.round,
        manager: node,
        contributions,
        durationMs: 1,
        gain: {
          selector: 0,
          value: {
            modelBefore: trainProgress(job).parameters,
            modelAfter: sha256(Uint8Array.of(job.round)),
            serverState: ZERO_HASH,
            metrics: metricsAt(job.round),
          },
        },
      },
      cosignatures: signers.map((member) => ({ member, signature: new Uint8Array(64) })),
    });
    const hasOwn = contributions.some((one) => one.node === this.#trouble.node);
    if (isTaken && hasOwn) this.#recorded.add(job.round);
  }

  #audit(node: number, audit: Audit): void {
    const job = this.job;
    const present = job?.audits.find((one) => isSame(one, audit));
    if (job === undefined || present === undefined) return;
    const stage = stageOf(present);
    const name = `audit/${audit.round}/${audit.node}/${audit.look}/${audit.retries}`;
    if (stage === "opening") {
      const isMember = this.#knows(node, `${name}/match`);
      const waits = audit.node === node ? 1 : 4;
      if ((audit.node !== node && !isMember) || isOpened(present)) return;
      if (this.#spent(node, `${name}/show`, waits)) this.#open(node, job, present);
      return;
    }
    const isJudging = stage === "judging";
    const asked = isJudging ? present.seats.slice(present.auditors) : present.seats;
    const seat = asked.find((one) => one.node === node && answerOf(one) === "none");
    if (seat === undefined) return;
    const answer = this.#looked(node, `${name}/${stage}`, job, present);
    if (answer === undefined) return;
    if (isJudging && answer === "match") this.#memory[node]?.set(`${name}/match`, 1);
    this.#answer(node, job, present, isJudging, answer);
  }

  /** A whole replay needs nothing of the participant. */
  #looked(node: number, name: string, job: Job, audit: Audit): AuditAnswer | undefined {
    const isWhole = audit.segment === ALL_SEGMENTS;
    if (isWhole || this.#isAwake(audit.node)) {
      return this.#spent(node, `${name}/replay`, isWhole ? TRAINING : REPLAY) ? "match" : undefined;
    }
    const tried = (this.#memory[node]?.get(`${name}/asked`) ?? 0) + 1;
    this.#memory[node]?.set(`${name}/asked`, tried);
    const stage = auditDeadline(audit, job, this.chain.state.parameters) - audit.since;
    return tried > (2 * stage) / 3 ? "not-served" : undefined;
  }

  #answer(node: number, job: Job, audit: Audit, isJudging: boolean, answer: AuditAnswer): void {
    const who = this.chain.person(node);
    const proof = answer === "match" ? matchProof(job, audit) : [];
    const sealed = isJudging && answer === "match";
    this.chain.send(who, "job-audit", {
      job: job.id,
      round: audit.round,
      node: audit.node,
      look: audit.look,
      segment: 0,
      answer: AUDIT_ANSWERS.indexOf(sealed ? "sealed" : answer),
      proof: sealed ? [sealOf(proof[0] ?? ZERO_HASH, who.keys.publicKey)] : proof,
    });
  }

  #open(node: number, job: Job, { round, node: of, look, ...audit }: Audit): void {
    const proof = matchProof(job, { round, node: of, look, ...audit });
    const value = { job: job.id, round, node: of, look, proof };
    this.chain.send(this.chain.person(node), "job-audit-open", value);
  }
}

function isSame(a: Audit, b: Audit): boolean {
  return a.round === b.round && a.node === b.node && a.look === b.look;
}

const answers = new Map<Person, ReturnType<typeof trained>>();

/** What the training of this node comes to; made once. */
function answerOfNode(who: Person): ReturnType<typeof trained> {
  const known = answers.get(who) ?? trained(who);
  answers.set(who, known);
  return known;
}

/** For messages of tests. */
export function troubleName({ node, kind, from, blocks }: Trouble): string {
  return `node ${node}: ${kind} at block ${from} for ${blocks}`;
}
