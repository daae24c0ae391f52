/** Counts the faults that this node has observed since it started; the metrics read it. */
export class FaultCounts {
  /** Seats that signed two votes for one (height, round, type). */
  doubleVotes = 0;
  /** Seats that voted against their own lock. */
  amnesia = 0;
  /** Proposers that signed two blocks for one round. */
  doubleProposals = 0;
  /** Proposals refused because their time differs too much from this node's clock. */
  untimelyProposals = 0;
  /**
   * Time of the last proposal of another node minus this node's clock; if it is far from 0, one of the two clocks is
   * wrong.
   */
  proposalOffsetMs = 0;
}
