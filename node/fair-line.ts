/**
 * A line in which groups take turns, and within a group its members, so a member with many waiting items delays only
 * itself. The items of one member keep their order.
 */
export interface Turn {
  readonly group: string;
  readonly member: string;
}

export class FairLine<T> {
  /** Groups, and the members of each, in the order of their next turns. */
  readonly #groups = new Map<string, Map<string, T[]>>();

  add({ group, member }: Turn, item: T): void {
    const members = this.#groups.get(group) ?? new Map<string, T[]>();
    this.#groups.set(group, members);
    const items = members.get(member) ?? [];
    members.set(member, items);
    items.push(item);
  }

  /** Removes and returns the next item. */
  next(): T | undefined {
    for (const [group, members] of this.#groups) {
      for (const [member, items] of members) {
        const item = items.shift();
        // To the end, unless the member has no more items.
        members.delete(member);
        if (items.length > 0) members.set(member, items);
        this.#groups.delete(group);
        if (members.size > 0) this.#groups.set(group, members);
        return item;
      }
    }
    return undefined;
  }

  /** Removes an item that no longer waits; false if it has had its turn already. */
  remove({ group, member }: Turn, item: T): boolean {
    const members = this.#groups.get(group);
    const items = members?.get(member);
    const at = items?.indexOf(item) ?? -1;
    if (members === undefined || items === undefined || at === -1) return false;
    items.splice(at, 1);
    if (items.length === 0) members.delete(member);
    if (members.size === 0) this.#groups.delete(group);
    return true;
  }
}
