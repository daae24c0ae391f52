/** What this node saw go wrong around it since it started; read by the metrics. */
export class FaultCounts {
  /** Seats that signed two votes for one (height, round, type). */
  doubleVotes = 0;
  /** Seats that voted against their own lock. */
  amnesia = 0;
  /** Proposers that signed two blocks for one round. */
  doubleProposals = 0;
  /** Proposals refused because their time is too far from this node's clock. */
  untimelyProposals = 0;
  /** Time of the last proposal of another node minus this node's clock; far from 0: one of the two clocks is wrong. */
  proposalOffsetMs = 0;
}
