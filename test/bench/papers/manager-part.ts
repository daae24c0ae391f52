/** A device that is in the team: keeps the log with the others, and gives out leases while it is the active manager. */
import { compareBytes, sha256, taggedHash, uint32Bytes } from "../../../chain/crypto/hash.ts";
import { type KeyPair, keyPairFromSeed, verifySync } from "../../../chain/crypto/keys.ts";
import { leaseSigningRoot, promiseSigningRoot } from "../../../chain/workload/search/lease-log.ts";
import { LeaseDesk } from "../../../node/jobs/search/leases/desk.ts";
import type { DeskEffect, DeskEvent } from "../../../node/jobs/search/leases/desk-messages.ts";
import { LeaseTable } from "../../../node/jobs/search/leases/lease-table.ts";
import { Member } from "../../../node/jobs/search/leases/member.ts";
import type {
  LogEntry,
  MemberEffect,
  MemberEvent,
  MemberMessage,
} from "../../../node/jobs/search/leases/member-messages.ts";
import { type Spans, spanSize } from "../../../node/jobs/search/leases/span.ts";
import { stepOf } from "../../../node/jobs/search/leases/step.ts";
import { messageOf } from "../../helpers/search-referee.ts";
import type { LogSummary } from "./control.ts";
import type { PartyMessage, ToDesk, ToLane } from "./party-message.ts";
import type { PartyParts } from "./party-parts.ts";

const GENESIS = new Uint8Array(32);

export class ManagerPart {
  readonly #parts: PartyParts;
  readonly #open: Spans;
  readonly #member: Member;
  /** What more than half of the team holds. */
  readonly #table: LeaseTable;
  #desk: LeaseDesk | undefined;
  #takeovers = 0;
  #isSolved = false;
  /** The active one, as far as this one knows. */
  #manager: number | undefined;

  constructor(parts: PartyParts) {
    const { order, own } = parts;
    this.#parts = parts;
    const units = (order.to + (1n << BigInt(order.unitBits)) - 1n) >> BigInt(order.unitBits);
    this.#open = [{ from: 0, to: Number(units) }];
    this.#table = new LeaseTable({ open: this.#open });
    const keys = keysOf(own);
    const { team, run } = order;
    this.#member = new Member({
      team,
      round: 1,
      self: team.indexOf(own),
      job: taggedHash("poml-bench/job", uint32Bytes(run)),
      open: this.#open,
      now: parts.now(),
      isForgetful: false,
      sign: (entry) => ({ entry, signature: keys.sign(leaseSigningRoot(GENESIS, entry)) }),
      signPromise: (promise) => ({
        promise,
        signature: keys.sign(promiseSigningRoot(GENESIS, promise)),
      }),
    });
  }

  receive(from: number, message: Extract<PartyMessage, { to: "desk" | "member" }>): void {
    const now = this.#parts.now();
    if (message.to === "desk") {
      this.#toDesk(from, message.event, now);
      return;
    }
    if ("question" in message) {
      if (this.#manager !== undefined) {
        this.#parts.send(from, { to: "lane", manager: this.#manager });
      }
      return;
    }
    if (!isSigned(message.message)) return;
    const position = this.#parts.order.team.indexOf(from);
    const event = { kind: "message", now, from: position, message: message.message } as const;
    if (position >= 0) this.#step(event);
  }

  tick(): void {
    const now = this.#parts.now();
    this.#step({ kind: "tick", now });
    this.#deskStep({ kind: "tick", now });
  }

  /** @returns undefined where this device is not the active manager */
  summary(): LogSummary | undefined {
    if (this.#desk === undefined) return undefined;
    const { miners } = this.#parts.order;
    const searched = Array.from({ length: 1 + Math.max(...miners) }, (_, node) =>
      this.#table.owned(node).first.reduce((sum, span) => sum + spanSize(span), 0),
    );
    const leases = this.#table.leases.map(({ node, granted }) => ({ device: node, ...granted }));
    return { searched, leases, takeovers: this.#takeovers };
  }

  #toDesk(from: number, event: ToDesk, now: number): void {
    if (this.#desk === undefined) return;
    if (event.kind === "beat") this.#tellLane(from, { kind: "heard" });
    if (event.kind === "found") {
      // One find is what the block takes.
      if (this.#isSolved || !this.#isFind(event.nonce)) return;
      this.#isSolved = true;
    }
    this.#deskStep({ ...event, now });
  }

  #isFind(nonce: bigint): boolean {
    const { task } = this.#parts.order;
    return compareBytes(sha256(sha256(messageOf(task, nonce))), task.target) <= 0;
  }

  #deskStep(event: DeskEvent): void {
    for (const effect of this.#desk?.step(event) ?? []) this.#carryOutOfDesk(effect, event.now);
  }

  #carryOutOfDesk(effect: DeskEffect, now: number): void {
    switch (effect.kind) {
      case "append":
        this.#step({ kind: "write", now, id: effect.id, step: effect.step });
        return;
      case "lease": {
        const { request, lease, from, to } = effect;
        const event = { kind: "lease", request, lease, from, to, parents: [] } as const;
        this.#tellLane(effect.holder.node, event);
        return;
      }
      case "wait":
        this.#tellLane(effect.holder.node, {
          kind: "wait",
          request: effect.request,
          ms: effect.ms,
        });
        return;
      case "ack":
      case "stale": {
        const { kind, lease, from, to } = effect;
        this.#tellLane(effect.by.node, { kind, lease, from, to });
        return;
      }
      case "end":
        this.#tellLane(effect.holder.node, { kind: "end", lease: effect.lease, to: effect.to });
        return;
      case "covered":
        // It counts once the log is safe.
        return;
      case "find":
        // Whoever found it has told everybody.
        return;
      default:
        effect satisfies never;
    }
  }

  #tellLane(node: number, event: ToLane): void {
    this.#parts.send(node, { to: "lane", event });
  }

  #step(event: MemberEvent): void {
    for (const effect of this.#member.step(event)) this.#carryOutOfMember(effect, event.now);
  }

  #carryOutOfMember(effect: MemberEffect, now: number): void {
    const { order, own, send } = this.#parts;
    switch (effect.kind) {
      case "send": {
        const message = { to: "member", message: effect.message } as const;
        const others = order.team.filter((node) => node !== own);
        const one = effect.to === "others" ? undefined : order.team[effect.to];
        for (const node of one === undefined ? others : [one]) send(node, message);
        return;
      }
      case "written":
        this.#deskStep({ kind: "held", now, id: effect.id });
        return;
      case "safe":
        for (const { signed } of effect.entries) this.#table.apply(stepOf(signed.entry));
        if (this.#desk !== undefined && this.#table.open.size === 0) this.#parts.covered();
        return;
      case "lead": {
        const log = effect.log.map(({ signed: { entry } }) => ({
          step: stepOf(entry),
          at: Number(entry.at),
        }));
        const options = { open: this.#open, redundancy: 0, random: Math.random };
        this.#desk = LeaseDesk.resume(options, log, now);
        return;
      }
      case "yield":
        this.#desk = undefined;
        return;
      case "manager": {
        this.#manager = effect.member === undefined ? undefined : order.team[effect.member];
        if (this.#manager !== own) return;
        this.#takeovers = effect.view;
        for (const node of order.miners) send(node, { to: "lane", manager: own });
        return;
      }
      case "fork":
        throw new Error(`the manager in position ${effect.member} wrote two logs`);
      case "unproven":
      case "journal":
        // A device that dies here does not come back.
        return;
      default:
        effect satisfies never;
    }
  }
}

const keyPairs = new Map<number, KeyPair>();

function keysOf(device: number): KeyPair {
  const seed = taggedHash("poml-bench/device", uint32Bytes(device));
  const keys = keyPairs.get(device) ?? keyPairFromSeed(seed);
  keyPairs.set(device, keys);
  return keys;
}

/** Whether all that is signed in a message holds. */
function isSigned(message: MemberMessage): boolean {
  switch (message.kind) {
    case "append":
    case "entries":
      return message.entries.every(isSignedEntry);
    case "promise": {
      const { promise, signature } = message.signed;
      const root = promiseSigningRoot(GENESIS, promise);
      return verifySync(keysOf(promise.member).publicKey, root, signature);
    }
    default:
      return true;
  }
}

function isSignedEntry({ signed: { entry, signature } }: LogEntry): boolean {
  return verifySync(keysOf(entry.manager).publicKey, leaseSigningRoot(GENESIS, entry), signature);
}
