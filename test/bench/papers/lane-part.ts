/** A device's lane: takes leases from the active manager and has its thread search them. */
import { Lane } from "../../../node/jobs/search/leases/lane.ts";
import type { LaneEffect, LaneEvent } from "../../../node/jobs/search/leases/lane-messages.ts";
import type { Holder } from "../../../node/jobs/search/leases/step.ts";
import type { PartyMessage, ToDesk } from "./party-message.ts";
import type { PartyParts } from "./party-parts.ts";

/** On loopback, in milliseconds of the real clock. */
const RTT_MS = 1;

export class LanePart {
  readonly #parts: PartyParts;
  readonly #lane = new Lane();
  readonly #holder: Holder;
  #manager: number;
  /** What the thread is at: it stops before `to`. */
  #task: { readonly lease: number; at: number; to: number } | undefined;
  readonly #finds: bigint[] = [];

  constructor(parts: PartyParts) {
    this.#parts = parts;
    this.#holder = { node: parts.own, lane: 0 };
    this.#manager = parts.order.team[0] ?? 0;
  }

  receive(from: number, message: Extract<PartyMessage, { to: "lane" }>): void {
    const now = this.#parts.now();
    if ("event" in message) {
      this.#step({ ...message.event, now });
      return;
    }
    if (message.manager === this.#manager) {
      if (from === this.#manager) this.#step({ kind: "heard", now });
      return;
    }
    this.#manager = message.manager;
    this.#step({ kind: "manager", now, isAbove: false });
    for (const nonce of this.#finds) this.#report(nonce);
  }

  tick(): void {
    this.#step({ kind: "tick", now: this.#parts.now() });
  }

  #step(event: LaneEvent): void {
    for (const effect of this.#lane.step(event)) this.#carryOut(effect);
  }

  #carryOut(effect: LaneEffect): void {
    const { order, send } = this.#parts;
    const holder = this.#holder;
    switch (effect.kind) {
      case "ask": {
        const rttMs = RTT_MS * order.pace;
        const { request, holds } = effect;
        this.#tell({ kind: "ask", holder, request, holds, rttMs });
        return;
      }
      case "beat":
        this.#tell({ kind: "beat", holder, lease: effect.lease, at: effect.at });
        return;
      case "search":
        this.#search(effect.lease, effect.from, effect.to);
        return;
      case "stop":
        if (this.#task?.lease !== effect.lease) return;
        this.#task.to = effect.to;
        this.#stop(effect.lease, this.#task.at);
        return;
      case "seek":
        for (const member of order.team) send(member, { to: "member", question: "manager" });
        return;
      case "claim":
        // What it may be paid for: nobody is here.
        return;
      case "deliver":
      case "orphan":
        throw new Error(`${effect.kind} without a sub-manager`);
      default:
        effect satisfies never;
    }
  }

  #search(lease: number, from: number, to: number): void {
    const { order, miner, now } = this.#parts;
    const { run, task, unitBits, to: end } = order;
    const current = { lease, at: from, to };
    this.#task = current;
    miner.search(
      { run, task, unitBits, end, from, to },
      {
        onFind: (nonce) => {
          // As in the product, everybody is told at once: a nonce proves itself, and only the pay needs the log.
          this.#parts.found(nonce);
          this.#finds.push(nonce);
          this.#report(nonce);
        },
        onSearched: (at) => {
          current.at = at;
          this.#step({ kind: "searched", now: now(), lease, at });
          this.#stop(lease, at);
        },
      },
    );
  }

  /** If the thread still is at a lease, and at its end. */
  #stop(lease: number, at: number): void {
    if (this.#task?.lease !== lease || at < this.#task.to) return;
    this.#task = undefined;
    this.#parts.miner.stop();
  }

  #report(nonce: bigint): void {
    this.#tell({ kind: "found", node: this.#holder.node, nonce });
  }

  #tell(event: ToDesk): void {
    this.#parts.send(this.#manager, { to: "desk", event });
  }
}
