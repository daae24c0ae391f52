/** What this node sends to the other members of its team, those of one member together. */
import type { Clock } from "../../clock.ts";
import type { LeaseLinks } from "./lease-links.ts";
import type { MemberMessage } from "./leases/member-messages.ts";
import { Mailbox } from "./mailbox.ts";
import { MAX_MESSAGES, type RoundPlace } from "./member-wire.ts";

export interface TeamOutboxOptions {
  readonly place: RoundPlace;
  /** The team's nodes, in order. */
  readonly team: readonly number[];
  /** Index of this node, which sends nothing to itself. */
  readonly node: number;
  readonly signal: AbortSignal;
}

export interface TeamOutboxModules {
  readonly links: Pick<LeaseLinks, "sendToMember">;
  readonly clock: Pick<Clock, "sleep">;
}

const GAP_MS = 30;

export class TeamOutbox {
  readonly #options: TeamOutboxOptions;
  readonly #modules: TeamOutboxModules;
  readonly #mailboxes = new Map<number, Mailbox<MemberMessage>>();

  constructor(options: TeamOutboxOptions, modules: TeamOutboxModules) {
    this.#options = options;
    this.#modules = modules;
  }

  /** @param to position in the team */
  put(to: number | "others", message: MemberMessage): void {
    const { team, node: self } = this.#options;
    const positions = to === "others" ? team.keys() : [to];
    for (const position of positions) {
      const node = team[position];
      if (node === undefined || node === self) continue;
      (this.#mailboxes.get(node) ?? this.#open(node)).put(message);
    }
  }

  #open(node: number): Mailbox<MemberMessage> {
    const { links, clock } = this.#modules;
    const { place, signal } = this.#options;
    const mailbox = new Mailbox<MemberMessage>(
      (messages) => links.sendToMember(node, place, messages),
      { limit: MAX_MESSAGES, gapMs: GAP_MS, signal },
      clock,
    );
    this.#mailboxes.set(node, mailbox);
    return mailbox;
  }
}
