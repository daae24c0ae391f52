/**
 * A device's part in a search under managers. It drives the product's state machines (the lane of whoever searches; the
 * log and the desk of whoever manages) with the messages of other devices, the time, and a thread that hashes.
 */
import type { LogSummary } from "./control.ts";
import { LanePart } from "./lane-part.ts";
import { ManagerPart } from "./manager-part.ts";
import type { PartyMessage } from "./party-message.ts";
import type { PartyParts } from "./party-parts.ts";

/** Of the protocol's clock. */
const TICK_MS = 250;

export class Party {
  readonly #lane: LanePart | undefined;
  readonly #manager: ManagerPart | undefined;
  readonly #ticks: NodeJS.Timeout;

  constructor(given: Omit<PartyParts, "now">) {
    const { own, order } = given;
    const parts = { ...given, now: () => performance.now() * order.pace };
    if (order.team.includes(own)) this.#manager = new ManagerPart(parts);
    if (order.miners.includes(own)) this.#lane = new LanePart(parts);
    this.#ticks = setInterval(() => this.#tick(), Math.max(1, TICK_MS / order.pace));
    this.#tick();
  }

  receive(from: number, message: PartyMessage): void {
    if (message.to === "lane") this.#lane?.receive(from, message);
    else this.#manager?.receive(from, message);
  }

  /** @returns what the log says, where this device is the active manager */
  stop(): LogSummary | undefined {
    clearInterval(this.#ticks);
    return this.#manager?.summary();
  }

  #tick(): void {
    this.#manager?.tick();
    this.#lane?.tick();
  }
}
