/**
 * This node's sealed answers in disputes, and when it shows the values behind the seals. An answer that contradicts the
 * disputed one is shown at once. An answer that confirms it should be shown by the other side; a member shows it only
 * when its turn comes and nobody has shown it yet.
 */

export interface Opening {
  /** Height at which answers may be shown. */
  readonly from: number;
  /** Number of blocks after that in which others should show it. */
  readonly after: number;
  readonly height: number;
  /** Whether what is disputed has been shown. */
  readonly isOpened: boolean;
}

interface Kept<Answer> {
  readonly answer: Answer;
  readonly isMatch: boolean;
  turn: number | undefined;
  isShown: boolean;
}

/** @template Answer what will be shown */
export class SealedAnswers<Answer> {
  readonly #kept = new Map<string, Kept<Answer>>();

  /** @param isMatch whether it confirms the disputed answer */
  keep(dispute: string, answer: Answer, { isMatch }: { readonly isMatch: boolean }): void {
    this.#kept.set(dispute, { answer, isMatch, turn: undefined, isShown: false });
  }

  has(dispute: string): boolean {
    return this.#kept.has(dispute);
  }

  /** @returns the answer to show now; the turn counts from the first call on */
  due(dispute: string, { from, after, height, isOpened }: Opening): Answer | undefined {
    const kept = this.#kept.get(dispute);
    if (kept === undefined || kept.isShown || (kept.isMatch && isOpened)) return undefined;
    kept.turn ??= kept.isMatch ? from + after : from;
    return height < kept.turn ? undefined : kept.answer;
  }

  /** Like `due`, but only once. */
  take(dispute: string, opening: Opening): Answer | undefined {
    const answer = this.due(dispute, opening);
    const kept = this.#kept.get(dispute);
    if (kept !== undefined && answer !== undefined) kept.isShown = true;
    return answer;
  }

  /** Forgets all other answers. */
  keepOnly(isWanted: (dispute: string) => boolean): void {
    for (const dispute of this.#kept.keys()) if (!isWanted(dispute)) this.#kept.delete(dispute);
  }
}
