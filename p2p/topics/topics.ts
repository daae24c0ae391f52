/**
 * The gossip topics, one row each: what may travel on it, how long a handler may take, and how much one neighbour may
 * relay to us. The host adds the network to the name on the wire.
 */
import type { Rate } from "../token-bucket.ts";

export type TopicName = "transactions" | "proposals" | "votes" | "evidence";

export interface Topic {
  readonly maxBytes: number;
  /** A handler that has not answered by then counts as "ignore". */
  readonly deadlineMs: number;
  /** Messages being handled at the same time; more are dropped. */
  readonly maxPending: number;
  /** Messages that one neighbour may send us, including those it relays for others. */
  readonly rate: Rate;
}

export const TOPICS: Readonly<Record<TopicName, Topic>> = {
  transactions: {
    maxBytes: 256 * 1024,
    deadlineMs: 5_000,
    maxPending: 256,
    rate: { burst: 1_000, perSecond: 400 },
  },
  proposals: {
    maxBytes: 2 * 1024 * 1024,
    deadlineMs: 10_000,
    maxPending: 32,
    rate: { burst: 40, perSecond: 10 },
  },
  votes: {
    maxBytes: 4 * 1024,
    deadlineMs: 5_000,
    // A round of 520 seats has 1,040 votes, and one neighbour may relay all of them.
    maxPending: 3072,
    rate: { burst: 6_000, perSecond: 3_000 },
  },
  evidence: {
    maxBytes: 4 * 1024,
    deadlineMs: 5_000,
    maxPending: 64,
    rate: { burst: 50, perSecond: 5 },
  },
};

export const MAX_TOPIC_BYTES = Math.max(...Object.values(TOPICS).map((topic) => topic.maxBytes));
