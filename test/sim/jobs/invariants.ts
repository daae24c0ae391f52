/** What must hold after every run, whatever went wrong in it. */
import { equalBytes, sha256, toHex } from "../../../chain/crypto/hash.ts";
import { isOut } from "../../../chain/job/phase.ts";
import type { NodeRecord } from "../../../chain/types/node.ts";
import { lastModelOf, recordFindings } from "./expected-model.ts";
import { type JobPlan, quiet } from "./plan.ts";
import { isSettled, type Outcome, simulateJob } from "./simulation.ts";

/** @returns what does not hold, in words; nothing for a run as it must be */
export async function findingsOf(outcome: Outcome): Promise<string[]> {
  return [
    ...outcome.failures,
    ...moneyFindings(outcome),
    ...(await recordFindings(outcome)),
    ...(await undisturbedFindings(outcome)),
    ...trainingFindings(outcome),
    ...waitingFindings(outcome),
    ...progressFindings(outcome),
    ...punishmentFindings(outcome),
  ];
}

export function moneyFindings({ chain, job, escrow, openingFee }: Outcome): string[] {
  if (!isSettled(job)) return [`the job is not settled at height ${chain.height}`];
  const { participants, managers, auditors, fee, refund, burned, bonus } = job.settlement;
  const parts = participants + managers + auditors + fee + refund + burned + bonus;
  const { address } = chain.base.client;
  const balanceAt = (height: number) => chain.headAt(height).state.account(address).balance;
  const spent = balanceAt(0) - balanceAt(chain.height);
  return [
    ...(parts === escrow ? [] : [`the settlement adds up to ${parts}, the escrow was ${escrow}`]),
    ...(spent === escrow + openingFee - refund
      ? []
      : [`the client spent ${spent} of ${escrow} with a refund of ${refund}`]),
  ];
}

/**
 * The run beside the one of the same job without faults: where the same nodes did the same work, the model must be the
 * same.
 */
export function besideCalm(outcome: Outcome): Promise<Beside> {
  const known = compared.get(outcome) ?? compare(outcome);
  compared.set(outcome, known);
  return known;
}

type Beside = "same model" | "another model" | "other work";

const compared = new WeakMap<Outcome, Promise<Beside>>();

async function compare(outcome: Outcome): Promise<Beside> {
  const { plan, end } = outcome;
  if (end !== "complete" || plan.lies.size > 0) return "other work";
  const calm = await simulateJob(quiet(plan.seed));
  const workers = (run: Outcome): string =>
    JSON.stringify([
      run.job?.participants.map(({ node }) => node),
      run.records.map(({ contributions }) => contributions.map(({ node }) => node)),
    ]);
  if (workers(calm) !== workers(outcome)) return "other work";
  return equalBytes(lastModelOf(outcome), lastModelOf(calm)) ? "same model" : "another model";
}

async function undisturbedFindings(outcome: Outcome): Promise<string[]> {
  const beside = await besideCalm(outcome);
  return beside === "another model" ? ["the model is another than without the faults"] : [];
}

/** A run is begun again only when the one before came to nothing, or went down with its process. */
function trainingFindings({ nodes }: Outcome): string[] {
  return nodes.flatMap(({ node, attempts }) =>
    [...attempts].flatMap(([seed, runs]) =>
      runs.slice(1).some(({ life }, i) => life === runs[i]?.life && runs[i]?.end !== "given-up")
        ? [`node ${node} trained ${seed.slice(0, 8)} again without reason`]
        : [],
    ),
  );
}

export function waitingFindings({ nodes }: Outcome): string[] {
  return nodes.flatMap(({ node, isUp, unfinished }) => {
    const { sleeps, listeners, duties } = unfinished;
    if (!isUp) return [`node ${node} is not up again`];
    return sleeps + listeners + duties === 0
      ? []
      : [`node ${node} still waits: ${JSON.stringify(unfinished)}`];
  });
}

/** Where enough of those drawn are honest and were always there, the job is done. */
function progressFindings({ plan, job, end }: Outcome): string[] {
  if (job === undefined || isLate(plan)) return [];
  const isSound = (node: number): boolean => !plan.lies.has(node) && !isAway(plan, node);
  const participants = job.participants.filter(({ node }) => isSound(node)).length;
  const members = job.team.filter(isSound).length;
  if (participants < plan.spec.quorum || 2 * members <= job.team.length) return [];
  return end === "complete" ? [] : [`the job ended as ${end}`];
}

/** Who is away for less misses no more than one of those that ask for something. */
const BRIEF_MS = 5_000;

/** Nobody honest loses a bond or is found false; those that were there, or nearly so, lose nothing at all. */
function punishmentFindings({ chain, plan, job }: Outcome): string[] {
  const nodesAt = (height: number): NodeRecord[] => chain.headAt(height).state.nodes.values();
  const before = nodesAt(0);
  return nodesAt(chain.height).flatMap((after, node) => {
    const begun = before[node];
    if (begun === undefined || plan.lies.has(node)) return [];
    const own = job?.participants.find((one) => one.node === node);
    const findings: string[] = [];
    if (after.bond !== begun.bond) findings.push(`node ${node} is honest and lost of its bond`);
    if (own !== undefined && isOut(own)) findings.push(`node ${node} is honest and found false`);
    if (isLossy(plan) || absenceMs(plan, node) > BRIEF_MS) return findings;
    if (after.failed > begun.failed) findings.push(`node ${node} is honest and was punished`);
    if (after.auditsFailed > 0) findings.push(`node ${node} is honest and failed an audit`);
    return findings;
  });
}

function isAway(plan: JobPlan, node: number): boolean {
  return absenceMs(plan, node) > 0;
}

function absenceMs({ crashes, links }: JobPlan, node: number): number {
  return [...crashes, ...links.cuts]
    .filter((absence) => absence.node === node)
    .reduce((sum, { forMs }) => sum + forMs, 0);
}

function isLate({ links }: JobPlan): boolean {
  return links.loss > 0 || links.slowestMs > 300;
}

function isLossy(plan: JobPlan): boolean {
  return isLate(plan) || plan.failures > 0;
}

/** Of all that happened: equal for two runs of one seed. */
export function fingerprintOf({ chain, tookMs }: Outcome): string {
  const hashes = chain.blocks.map(({ hash }) => hash);
  return toHex(sha256(...hashes, new TextEncoder().encode(String(tookMs))));
}
