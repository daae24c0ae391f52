/** Which members of a team may still manage in a round. */
export class Standing {
  readonly #team: readonly number[];
  readonly #barred = new Set<number>();
  readonly #expelled = new Set<number>();

  constructor(team: readonly number[]) {
    this.#team = team;
  }

  /** For what it signed: it neither manages nor counts any more. */
  expel(member: number): void {
    this.#expelled.add(member);
  }

  /** It submitted a find while nobody managed (paper 000, K5). */
  bar(member: number): void {
    this.#barred.add(member);
  }

  isExpelled(member: number): boolean {
    return this.#expelled.has(member);
  }

  /** Members that may not manage: those expelled, and those barred while anybody else is left. */
  isOut(member: number): boolean {
    if (this.#expelled.has(member)) return true;
    if (!this.#barred.has(member)) return false;
    return this.#team.some((_, i) => !this.#barred.has(i) && !this.#expelled.has(i));
  }
}
