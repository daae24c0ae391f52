/** Managers and sub-managers that cheat those below them: what they say to others, or hear, is bent on its way. */
import {
  decodeLeaseMessage,
  encodeLeaseMessage,
  type LeaseMessage,
} from "../../../node/jobs/search/lease-wire.ts";
import { SUB_LANE } from "../../../node/jobs/search/leases/step.ts";
import type { PeerMessages } from "../../../node/network/peer-messages.ts";

/**
 * keeps-acks: children never hear that their units are on the log. takes-units: what children have searched it delivers
 * as its own. serves-itself: while it manages a round, only its own lanes get leases.
 */
export type TreeLie = "keeps-acks" | "takes-units" | "serves-itself";

type Messages = Pick<PeerMessages, "ask" | "handle">;

export function bent(messages: Messages, lie: TreeLie | undefined, node: number): Messages {
  if (lie === undefined) return messages;
  return {
    handle: (subject, handler) =>
      messages.handle(
        subject,
        lie === "serves-itself" && subject === "lease"
          ? (body, ...rest) => handler(withoutAsks(body), ...rest)
          : handler,
      ),
    ask: (peer, subject, body, timeoutMs) => {
      const sent = subject === "lease" ? bentMessage(body, lie, node) : body;
      return messages.ask(peer, subject, sent, timeoutMs);
    },
  };
}

function withoutAsks(body: Uint8Array): Uint8Array {
  const message = decodeLeaseMessage(body);
  if (message.kind !== "report") return body;
  return encodeLeaseMessage({ kind: "report", value: { ...message.value, asks: [], orphans: [] } });
}

function bentMessage(body: Uint8Array, lie: TreeLie, node: number): Uint8Array {
  const message = decodeLeaseMessage(body);
  const { value } = message;
  if (lie === "keeps-acks" && message.kind === "orders" && message.value.rank === 1) {
    return encodeLeaseMessage({ kind: "orders", value: { ...message.value, spans: [] } });
  }
  if (lie === "takes-units" && message.kind === "report" && "deliveries" in value) {
    const deliveries = message.value.deliveries.map((delivery) =>
      delivery.lane === SUB_LANE ? { ...delivery, node, searcher: 0 } : delivery,
    );
    const taken: LeaseMessage = { kind: "report", value: { ...message.value, deliveries } };
    return encodeLeaseMessage(taken);
  }
  return body;
}
