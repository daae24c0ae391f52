/**
 * Limits how many entries of the long lists of the state the transactions of one block may add or change. Each of them
 * reads the whole list of votes, or of bonds that are being unbonded, which may have tens of thousands of entries. A
 * transaction without room in one block may fit into a later one. Votes are free, so each node has room for only one
 * per block; otherwise it could take the room of others.
 */
import { refuse } from "../transaction-error.ts";

/** Votes on parameters that are cast, changed or withdrawn. */
export const MAX_VOTES_CAST = 64;
/** Pieces of bonds whose unbonding starts. */
export const MAX_PIECES_ASKED = 64;

export class ListRoom {
  readonly #isEndless: boolean;
  readonly #voters = new Set<number>();
  #pieces = 0;

  private constructor(isEndless: boolean) {
    this.#isEndless = isEndless;
  }

  static ofBlock(): ListRoom {
    return new ListRoom(false);
  }

  /** For transactions that are only tried, and may end up in different blocks. */
  static endless(): ListRoom {
    return new ListRoom(true);
  }

  /**
   * Call it last, after all other checks.
   * @throws TransactionError TOO_MANY_ENTRIES
   */
  takeVote(node: number): void {
    if (this.tryVote(node)) return;
    if (this.#voters.has(node)) tooMany("votes of this node", 1);
    tooMany("votes", MAX_VOTES_CAST);
  }

  /**
   * Call it last, after all other checks.
   * @throws TransactionError TOO_MANY_ENTRIES
   */
  takePiece(): void {
    if (!this.tryPiece()) tooMany("bonds that are asked back", MAX_PIECES_ASKED);
  }

  /** @returns false when there is no room for it; then nothing is taken */
  tryVote(node: number): boolean {
    if (this.#isEndless) return true;
    if (this.#voters.has(node) || this.#voters.size >= MAX_VOTES_CAST) return false;
    this.#voters.add(node);
    return true;
  }

  /** @returns false when there is no room for it; then nothing is taken */
  tryPiece(): boolean {
    if (this.#isEndless) return true;
    if (this.#pieces >= MAX_PIECES_ASKED) return false;
    this.#pieces++;
    return true;
  }
}

function tooMany(what: string, limit: number): never {
  refuse(
    `this block has no room for more ${what}: it takes ${limit}`,
    { code: "TOO_MANY_ENTRIES", limit },
    "send it again, for a later block",
  );
}
