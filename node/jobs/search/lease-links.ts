/**
 * How the nodes of a search reach each other: one handler for each of the two subjects, which gives a message to the
 * round it is about, and one way out. What a node says to itself takes no network.
 */
import { toHex } from "../../../chain/crypto/hash.ts";
import type { PeerMessages } from "../../network/peer-messages.ts";
import {
  decodeLeaseMessage,
  decodeLeaseReply,
  encodeLeaseMessage,
  encodeLeaseReply,
  type LeaseMessage,
  type LeaseReply,
} from "./lease-wire.ts";
import type { MemberMessage } from "./leases/member-messages.ts";
import {
  decodeMemberMessages,
  encodeMemberMessages,
  placeOfMemberMessages,
  type RoundPlace,
} from "./member-wire.ts";

/** One round of one search, on this node. */
export interface LeaseReceiver {
  /** @param from node index of a participant or member @returns undefined where the message is none of its business */
  take(message: LeaseMessage, from: number): LeaseReply | undefined;
}

export interface MemberReceiver {
  /** Whether messages of a node would be looked at; else they are not even decoded. */
  hasRoomFor(from: number): boolean;
  takeFromMember(messages: readonly MemberMessage[], from: number): void;
}

export interface LeaseLinksModules {
  readonly messages: Pick<PeerMessages, "ask" | "handle">;
  /** Index of this node; undefined before it is registered. */
  ownNode(): number | undefined;
  /** Peer id of a node. */
  peerOf(node: number): string;
  /** Indexes of all that take part in a job, as members or participants. */
  nodesOf(job: Uint8Array): Iterable<number>;
}

const ASK_MS = 4_000;
const ELSEWHERE: LeaseReply = { answer: "elsewhere", view: undefined };

export class LeaseLinks {
  readonly #modules: LeaseLinksModules;
  readonly #rounds = new Map<string, Set<LeaseReceiver>>();
  readonly #members = new Map<string, MemberReceiver>();

  constructor(modules: LeaseLinksModules) {
    this.#modules = modules;
    modules.messages.handle("lease", async (body, peer) => {
      const message = decodeLeaseMessage(body);
      const from = this.#nodeOf(peer, message.value.job);
      return encodeLeaseReply(from === undefined ? ELSEWHERE : this.#take(message, from));
    });
    modules.messages.handle("lease-log", async (body, peer) => {
      const place = placeOfMemberMessages(body);
      const from = this.#nodeOf(peer, place.job);
      const receiver = this.#members.get(roundName(place));
      if (from !== undefined && receiver?.hasRoomFor(from)) {
        receiver.takeFromMember(decodeMemberMessages(body).messages, from);
      }
      return new Uint8Array(0);
    });
  }

  /** @returns ends it */
  receive(place: RoundPlace, receiver: LeaseReceiver): () => void {
    const name = roundName(place);
    const receivers = this.#rounds.get(name) ?? new Set();
    this.#rounds.set(name, receivers);
    receivers.add(receiver);
    return () => {
      receivers.delete(receiver);
      if (receivers.size === 0 && this.#rounds.get(name) === receivers) this.#rounds.delete(name);
    };
  }

  /** @returns ends it */
  receiveAsMember(place: RoundPlace, receiver: MemberReceiver): () => void {
    const name = roundName(place);
    this.#members.set(name, receiver);
    return () => {
      if (this.#members.get(name) === receiver) this.#members.delete(name);
    };
  }

  /** @throws P2pError, DecodeError */
  async send(node: number, message: LeaseMessage): Promise<LeaseReply> {
    const { messages, ownNode, peerOf } = this.#modules;
    if (node === ownNode()) return this.#take(message, node);
    const body = encodeLeaseMessage(message);
    return decodeLeaseReply(await messages.ask(peerOf(node), "lease", body, ASK_MS));
  }

  /** @throws P2pError */
  async sendToMember(
    node: number,
    place: RoundPlace,
    messages: readonly MemberMessage[],
  ): Promise<void> {
    const body = encodeMemberMessages(place, messages);
    await this.#modules.messages.ask(this.#modules.peerOf(node), "lease-log", body, ASK_MS);
  }

  #take(message: LeaseMessage, from: number): LeaseReply {
    const { job, round } = message.value;
    let reply: LeaseReply | undefined;
    for (const receiver of this.#rounds.get(roundName({ job, round })) ?? []) {
      const own = receiver.take(message, from);
      if (reply === undefined || own?.answer === "taken") reply = own ?? reply;
    }
    return reply ?? ELSEWHERE;
  }

  /** Of those in the job alone: others have no say in it. */
  #nodeOf(peer: string, job: Uint8Array): number | undefined {
    for (const node of this.#modules.nodesOf(job)) {
      if (this.#modules.peerOf(node) === peer) return node;
    }
    return undefined;
  }
}

export function roundName({ job, round }: RoundPlace): string {
  return `${toHex(job)}-${round}`;
}
