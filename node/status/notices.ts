/**
 * Notices about anything that keeps a node from its work: the log, `poml status` and the page show them at once and in
 * the same words. Pure; everything is read from the status.
 */

import { toHex } from "../../chain/crypto/hash.ts";
import { timeoutMs } from "../../chain/finality/timeouts.ts";
import type { State } from "../../chain/state/state.ts";
import { disturbance } from "../../ml/baseline/core-share.ts";
import type { BootstrapPeer } from "../../p2p/peers/bootstrap.ts";
import { KEY_ELSEWHERE_REMEDY } from "../consensus/key-watch.ts";
import { SET_ASIDE_REMEDY } from "../workers/set-aside-machines.ts";
import type { NodeStatus } from "./node-status.ts";
import type { Notice } from "./notice.ts";
import { ofSearches } from "./search-notices.ts";
import { shortHash } from "./short-hash.ts";

export interface NoticeContext {
  /** Unix milliseconds. */
  readonly now: number;
  readonly blockIntervalMs: number;
  /** Number of nodes that vote in this epoch. */
  readonly voters: number;
}

/** If a third of the proposers are offline, so many rounds in a row are lost once in 27 heights; that is no halt. */
const LOST_ROUNDS = 3;
const STEPS = ["propose", "prevote", "precommit"] as const;
/** Time to find peers and learn how far they are; a loaded machine needs it. */
const STARTING_MS = 30_000;
/** Blocks arrive in ranges, and a range may have to be requested from a second peer (network/range-plan.ts). */
const NO_RANGE_MS = 60_000;

/** Whether no block has come for longer than a few lost rounds explain. */
function isStalled(headTime: number, { now, blockIntervalMs }: NoticeContext): boolean {
  return now - headTime > stallMs(blockIntervalMs);
}

/**
 * Time to the next block if `LOST_ROUNDS` are lost before it: a block time, and the longest duration of all their
 * steps.
 */
export function stallMs(blockIntervalMs: number): number {
  let sum = blockIntervalMs;
  for (let round = 0; round < LOST_ROUNDS; round++) {
    for (const step of STEPS) sum += timeoutMs({ step, round }, blockIntervalMs);
  }
  return sum;
}

/**
 * The meaning of the absence of blocks. A peer that claims heights it does not deliver can hide a halt for at most
 * NO_RANGE_MS.
 */
type Halt = "none" | "starting" | "catching-up" | "not-brought" | "alone" | "silent" | "stalled";

function haltOf(status: NodeStatus, context: NoticeContext): Halt {
  const { headTime, peers, bootstrap, peerHeights, idleMs, uptimeSeconds } = status;
  if (!isStalled(headTime, context)) return "none";
  if (blocksBehind(status) > 1) return idleMs < NO_RANGE_MS ? "catching-up" : "not-brought";
  const hasOthers = context.voters > 1 || bootstrap.length > 0;
  if (hasOthers && uptimeSeconds * 1000 < STARTING_MS) return "starting";
  if (!hasOthers) return "stalled";
  if (peers.length === 0) return "alone";
  if (peerHeights.highest !== undefined) return "stalled";
  return peerHeights.silentMs < STARTING_MS ? "starting" : "silent";
}

/** How many more blocks a peer claims to have. */
export function blocksBehind({ height, peerHeights }: NodeStatus): number {
  return Math.max(0, (peerHeights.highest ?? 0) - height);
}

export type HealthStatus = "serving" | "syncing" | "stalled" | "disk-full" | "key-elsewhere";

export function healthStatus(status: NodeStatus, context: NoticeContext): HealthStatus {
  if (status.keyElsewhere !== undefined) return "key-elsewhere";
  if (!status.hasDiskRoom) return "disk-full";
  if (status.syncing) return "syncing";
  const halt = haltOf(status, context);
  if (halt === "none") return "serving";
  return halt === "starting" || halt === "catching-up" ? "syncing" : "stalled";
}

/** The most serious first. */
export function noticesOf(status: NodeStatus, context: NoticeContext): Notice[] {
  const ofJoining = [...ofBootstrap(status), ...ofTrust(status)];
  return [
    ...ofKey(status),
    ...ofFault(status),
    ...ofDisk(status),
    ...ofJoining,
    // Then the reason why no block can come has already been given.
    ...(ofJoining.length > 0 ? [] : ofBlocks(status, context)),
    ...ofVotes(status),
    ...ofRefusals(status),
    ...ofWorkers(status),
    ...ofSearches(status),
    ...ofWindow(status),
  ];
}

export function noticesOfServices(
  services: { status(): NodeStatus; state(): Pick<State, "parameters" | "seats"> },
  now: number,
): Notice[] {
  const { parameters, seats } = services.state();
  const { blockIntervalMs } = parameters;
  return noticesOf(services.status(), { now, blockIntervalMs, voters: seats.length });
}

function problem(code: string, message: string, remedy: string): Notice {
  return { code, level: "problem", message, remedy };
}

function ofKey({ keyElsewhere }: NodeStatus): Notice[] {
  if (keyElsewhere === undefined) return [];
  const { kind, height } = keyElsewhere;
  const message = `this node's key signs elsewhere: a ${kind} that this node did not sign was received at height ${height}; this node votes, proposes and claims nothing more`;
  return [problem("KEY_ELSEWHERE", message, KEY_ELSEWHERE_REMEDY)];
}

function ofFault({ slashedAt }: NodeStatus): Notice[] {
  if (slashedAt === undefined) return [];
  const message = `a fault of this node was proven in block ${slashedAt}: a part of its bond is lost, and its key is out for good`;
  const remedy =
    "find out why it signed twice (a second copy of it, a restored backup), then make a node with another key: `npx poml init --data-dir <another>`; `npx poml bond show` tells what is left of the bond";
  return [problem("SLASHED", message, remedy)];
}

function ofDisk({ hasDiskRoom, hasJobRoom }: NodeStatus): Notice[] {
  if (hasDiskRoom && !hasJobRoom) {
    const message =
      "the disk has too little room for files of jobs: this node takes no uploads, imports, datasets, updates or new work; it continues to vote";
    const remedy = "make room, or lower disk.jobsMinFreeMib; `npx poml storage` shows the files";
    return [{ code: "JOB_DISK_FULL", level: "note", message, remedy }];
  }
  if (hasDiskRoom) return [];
  const message = "the disk is full: this node neither votes nor takes blocks";
  return [problem("DISK_FULL", message, "make room, or lower disk.minFreeMib")];
}

function ofWorkers({ workers }: NodeStatus): Notice[] {
  const aside = workers.filter(({ state }) => state === "set-aside").map(({ id }) => id);
  if (aside.length === 0) return [];
  const message = `${aside.join(", ")} sent work with a different result than on this machine, and gets no tasks for a day`;
  return [{ code: "WORKER_SET_ASIDE", level: "note", message, remedy: SET_ASIDE_REMEDY }];
}

/** One line with the peer and the facts, so that the owner of an isolated node can see the cause. */
function ofRefusals({ refusedPeers }: NodeStatus): Notice[] {
  const [first, ...others] = refusedPeers.toSorted((a, b) => b.remainingMs - a.remainingMs);
  if (first === undefined) return [];
  const { peerId, code, reason, remainingMs } = first;
  const rest = others.length === 0 ? "" : `, and ${others.length} more`;
  const seconds = Math.ceil(remainingMs / 1000);
  const message = `peer ${peerId} is refused for another ${seconds} s (${code}: ${reason})${rest}`;
  const remedy =
    "it may come back by itself then; a restart of this node lifts the refusal at once";
  return [{ code: "PEERS_REFUSED", level: "note", message, remedy }];
}

function ofBootstrap({ bootstrap, peers, genesisRoot }: NodeStatus): Notice[] {
  const strangers = bootstrap.flatMap(({ address, state, failure }) =>
    state === "failed" && failure?.code === "WRONG_NETWORK" ? [{ address, failure }] : [],
  );
  const reached = bootstrap.filter(({ state }) => state === "reached").length;
  const count = `${reached} of ${bootstrap.length} bootstrap nodes reached`;
  const [stranger] = strangers;
  if (stranger !== undefined) {
    const { network } = stranger.failure;
    const theirs =
      network === undefined
        ? "is no PoML node of this version, or follows another chain"
        : `is on another chain (genesis ${shortHash(network)}, yours ${shortHash(toHex(genesisRoot))})`;
    const remedy =
      "take the genesis file of the network you want: `npx poml init --genesis <file> --data-dir <another>` makes a data directory for it; or correct p2p.bootstrap";
    return [problem("OTHER_CHAIN", `${count}: ${hostOf(stranger.address)} ${theirs}`, remedy)];
  }
  if (reached > 0 || peers.length > 0 || bootstrap.length === 0) return [];
  const failed = bootstrap.filter(({ state }) => state === "failed");
  if (failed.length === 0) {
    const message = `${count} so far, the first tries are under way`;
    return [{ code: "CONNECTING", level: "note", message, remedy: "wait a few seconds" }];
  }
  const remedy =
    "check that a node is running there and that p2p.bootstrap has its address as it prints it; this node keeps trying";
  return [problem("NO_BOOTSTRAP", `${count}: ${failed.map(whyNot).join("; ")}`, remedy)];
}

function whyNot({ address, failure }: BootstrapPeer): string {
  const reason = failure?.reason ?? "no answer";
  return `${hostOf(address)} does not answer (${plainReason(reason)})`;
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens on that port",
  EHOSTUNREACH: "no way to that machine",
  ENETUNREACH: "no way to that network",
  ENOTFOUND: "no such name",
  ETIMEDOUT: "no answer in time",
  ECONNRESET: "the connection was cut",
  "[object ErrorEvent]": "no WebSocket there",
};

/** libp2p's errors repeat the address and wrap one another. */
function plainReason(reason: string): string {
  const known = Object.keys(REASONS).find((name) => reason.includes(name));
  if (known !== undefined) return REASONS[known] ?? "";
  return /timed? ?out|abort/i.test(reason) ? "no answer in time" : reason.slice(0, 160);
}

/** `203.0.113.7:9470` of a multiaddr. */
function hostOf(address: string): string {
  const [, , host, , port] = address.split("/");
  return host === undefined || port === undefined ? address : `${host}:${port}`;
}

function ofTrust({ joining }: NodeStatus): Notice[] {
  const search = joining.snapshot;
  if (search === undefined) return [];
  const { trust } = search;
  if (search.contradicted !== undefined) {
    const message = `peers have block ${trust}:${shortHash(search.contradicted)}, but you trust another one`;
    const remedy = "take height and hash from a node that you trust on this same network (--trust)";
    return [problem("TRUST_CONTRADICTED", message, remedy)];
  }
  if (search.networkHead === undefined || search.networkHead >= trust) return [];
  const message = `the trusted block ${trust} is above the network's head ${search.networkHead}`;
  const remedy =
    "check height and network: start again with a block that exists (--trust), or wait until the network has reached it";
  return [problem("TRUST_ABOVE_HEAD", message, remedy)];
}

function ofBlocks(status: NodeStatus, context: NoticeContext): Notice[] {
  const { height, headTime, syncing, joining, hasDiskRoom, peers, peerHeights, idleMs } = status;
  // A node that looks for a snapshot fetches no blocks yet, and reports that instead.
  if (!hasDiskRoom || joining.snapshot !== undefined) return [];
  const halt = haltOf(status, context);
  const behind = `${blocksBehind(status)} blocks behind`;
  const noBlock =
    height === 0
      ? "no block has been made yet"
      : `no block for ${seconds(context.now - headTime)} s`;
  const isMoving = halt === "catching-up" || (syncing && halt !== "not-brought");
  if (halt === "none") return [];
  if (isMoving) return blocksBehind(status) > 1 ? [catchingUp(behind)] : [];
  if (halt === "starting") {
    const message = "asking the peers how far the chain is";
    return [{ code: "STARTING", level: "note", message, remedy: "wait a few seconds" }];
  }
  if (halt === "not-brought") {
    const message = `${behind}, but no peer has sent one for ${seconds(idleMs)} s`;
    const remedy = "see its peers: `npx poml status`; after a restart it asks all of them again";
    return [problem("NOT_BROUGHT", message, remedy)];
  }
  if (halt === "alone") {
    const message = "no peer is connected, so no block can come";
    return [
      problem("ALONE", message, "check this machine's network, p2p.bootstrap and p2p.listen"),
    ];
  }
  if (halt === "silent") {
    const message = `${noBlock}, and for ${seconds(peerHeights.silentMs)} s none of ${peers.length} peers has reported its height`;
    const remedy = "check whether this machine or its network is overloaded; it keeps asking";
    return [problem("PEERS_SILENT", message, remedy)];
  }
  const others = peers.length === 0 ? "" : ", and the peers have none either";
  const message = `${noBlock}${others}: more than 2/3 of the voting weight must be running and connected`;
  return [problem("STALLED", message, "see which voters are offline: `npx poml status`")];
}

function catchingUp(behind: string): Notice {
  const remedy = "wait: it fetches them from its peers";
  return { code: "CATCHING_UP", level: "note", message: `${behind}, catching up`, remedy };
}

function seconds(ms: number): number {
  return Math.round(ms / 1000);
}

function ofVotes({ abstainsThrough }: NodeStatus): Notice[] {
  if (abstainsThrough === undefined) return [];
  const message = `this node does not vote through block ${abstainsThrough}: its record of earlier votes is lost`;
  const remedy =
    "it votes again after that block; docs/operations.md says when this may be shortened";
  return [{ code: "ABSTAINS", level: "note", message, remedy }];
}

function ofWindow({ lastWindow }: NodeStatus): Notice[] {
  const share = lastWindow?.coreShare;
  const disturbed = share === undefined ? undefined : disturbance(share);
  if (lastWindow === undefined || disturbed === undefined) return [];
  const message = `benchmark window ${lastWindow.window} measured a low capacity of this node: ${disturbed}`;
  const remedy = "its rating rises again with windows in which the machine is free";
  return [{ code: "MEASURED_LOW", level: "note", message, remedy }];
}
