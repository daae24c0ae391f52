import { expect } from "chai";
import fc from "fast-check";
import { Table } from "../../../chain/state/table.ts";

interface Item {
  readonly name: string;
  readonly size: number;
}

const tableOf = (...names: string[]): Table<Item> =>
  Table.of(
    names.map((name, size) => ({ name, size })),
    { keyOf: ({ name }) => name },
  );
const contents = (table: Table<Item>): Item[] => Array.from(table.entries(), ([, item]) => item);

describe("Table", () => {
  it("finds records by position and by key", () => {
    const table = tableOf("a", "b");
    expect(table.indexOf("b")).to.equal(1);
    expect(table.indexOf("c")).to.equal(undefined);
    expect(table.at(1)).to.deep.equal({ name: "b", size: 1 });
    expect(() => table.at(2)).to.throw(RangeError, "no record 2 of 2");
    expect(() => table.set(2, { name: "c", size: 2 })).to.throw(RangeError, "set 2 of 2");
  });

  it("keeps a fork's changes from its parent until they are absorbed", () => {
    const table = tableOf("a", "b");
    const fork = table.fork();
    fork.set(0, { name: "a", size: 9 });
    fork.push({ name: "c", size: 2 });
    expect(contents(table)).to.deep.equal(contents(tableOf("a", "b")));
    expect(table.indexOf("c")).to.equal(undefined);
    expect(fork.indexOf("c")).to.equal(2);
    expect([...fork.changes.keys()]).to.deep.equal([0, 2]);
    table.absorb(fork);
    expect(table.at(0).size).to.equal(9);
    expect(table.indexOf("c")).to.equal(2);
    expect(table.length).to.equal(3);
    expect(table.changes.size).to.equal(0);
  });

  it("absorbs forks of forks one level at a time", () => {
    const table = tableOf("a");
    const block = table.fork();
    const transaction = block.fork();
    transaction.push({ name: "b", size: 1 });
    block.absorb(transaction);
    expect(block.indexOf("b")).to.equal(1);
    expect(table.indexOf("b")).to.equal(undefined);
    const dropped = block.fork();
    dropped.push({ name: "c", size: 2 });
    table.absorb(block);
    expect(contents(table).map(({ name }) => name)).to.deep.equal(["a", "b"]);
  });

  it("takes back what was changed after a mark, and only that", () => {
    const table = tableOf("a", "b");
    const fork = table.fork();
    fork.set(0, { name: "a", size: 5 });
    fork.mark();
    fork.set(0, { name: "a", size: 6 });
    fork.set(0, { name: "a", size: 7 });
    fork.set(1, { name: "b", size: 8 });
    fork.push({ name: "c", size: 9 });
    expect(() => fork.mark()).to.throw(TypeError);
    fork.rollback();
    expect(contents(fork)).to.deep.equal([
      { name: "a", size: 5 },
      { name: "b", size: 1 },
    ]);
    expect(fork.indexOf("c")).to.equal(undefined);
    expect([...fork.changes.keys()]).to.deep.equal([0]);
    fork.mark();
    fork.push({ name: "c", size: 2 });
    fork.release();
    expect(fork.indexOf("c")).to.equal(2);
  });

  it("lets go of records that are not active, once no parent holds them", () => {
    const rules = { keyOf: ({ name }: Item) => name, isActive: ({ size }: Item) => size > 0 };
    const values = [{ name: "gone", size: 0 }, undefined, { name: "here", size: 1 }];
    const table = Table.of(values, { ...rules, forgets: true });
    expect([table.length, table.activeCount]).to.deep.equal([3, 1]);
    expect([table.get(0), table.get(1)]).to.deep.equal([undefined, undefined]);
    expect([table.indexOf("gone"), table.indexOf("here")]).to.deep.equal([undefined, 2]);
    const fork = table.fork();
    const block = fork.fork();
    block.set(2, { name: "here", size: 0 });
    block.push({ name: "short", size: 0 });
    fork.absorb(block);
    expect(fork.at(2).size).to.equal(0);
    expect(fork.indexOf("here")).to.equal(2);
    expect(table.at(2).size).to.equal(1);
    table.absorb(fork);
    expect([table.length, table.activeCount]).to.deep.equal([4, 0]);
    expect([table.indexOf("here"), table.indexOf("short")]).to.deep.equal([undefined, undefined]);
    expect(() => table.at(2)).to.throw(RangeError);
    expect(() => table.values()).to.throw(RangeError);
  });

  it("knows its active records and which are due, whatever was changed, undone, forked and absorbed", () => {
    const isActive = ({ size }: Item): boolean => size % 2 === 1;
    const groupOf = ({ size }: Item): string => (size > 4 ? "large" : "small");
    // 5 is never due, of the others the larger ones earlier.
    const dueOf = ({ size }: Item): number => (size === 5 ? 0 : 10 - size);
    const drawOf = ({ size }: Item): number => (size === 3 ? 0 : size);
    const membersOf = ({ size }: Item): number[] => [size, size + 2, size];
    const rules = { keyOf: ({ name }: Item) => name, isActive, groupOf, membersOf, dueOf, drawOf };
    const change = fc.oneof(
      fc.record({ set: fc.nat(), size: fc.nat(9) }),
      fc.record({ push: fc.nat(9) }),
      fc.constantFrom("fork", "absorb", "drop", "mark", "release", "rollback"),
    );
    fc.assert(
      fc.property(fc.array(fc.nat(9)), fc.array(change, { maxLength: 40 }), (sizes, changes) => {
        let names = 0;
        const item = (size: number): Item => ({ name: `${names++}`, size });
        const levels = [Table.of(sizes.map(item), rules)];
        let isMarked = false;
        for (const step of changes) {
          const table = levels.at(-1) as Table<Item>;
          if (typeof step === "object") {
            if ("push" in step) table.push(item(step.push));
            else if (table.length > 0) table.set(step.set % table.length, item(step.size));
          } else if (isMarked !== (step === "release" || step === "rollback")) continue;
          else if (step === "fork") levels.push(table.fork());
          else if (step === "absorb" || step === "drop") {
            if (levels.length === 1) continue;
            levels.pop();
            if (step === "absorb") levels.at(-1)?.absorb(table);
          } else {
            isMarked = step === "mark";
            table[step]();
          }
          const top = levels.at(-1) as Table<Item>;
          const all = [...top.entries()].filter(([, value]) => isActive(value));
          expect([...top.activeEntries()]).to.deep.equal(all);
          expect(top.activeCount).to.equal(all.length);
          for (const member of [3, 5, 9]) {
            const those = all.filter(([, value]) => membersOf(value).includes(member));
            expect([...top.of(member)], `of ${member}`).to.deep.equal(those);
          }
          for (const group of ["large", "small"]) {
            const those = all.filter(([, value]) => groupOf(value) === group);
            expect(top.countOf(group), group).to.equal(those.length);
          }
          const due = all
            .filter(([, value]) => dueOf(value) > 0 && dueOf(value) <= 8)
            .sort(([i, a], [j, b]) => dueOf(a) - dueOf(b) || i - j);
          expect([...top.due(8)]).to.deep.equal(due);
          const draws = all
            .filter(([, value]) => drawOf(value) > 0 && drawOf(value) <= 6)
            .sort(([i, a], [j, b]) => drawOf(a) - drawOf(b) || i - j);
          expect([...top.draws(6)]).to.deep.equal(draws);
        }
      }),
    );
  });

  it("absorbs nothing but its own forks", () => {
    expect(() => tableOf("a").absorb(tableOf("a").fork())).to.throw(TypeError);
  });
});
