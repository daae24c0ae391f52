import { expect } from "chai";
import { LeaseTable } from "../../../../node/jobs/search/leases/lease-table.ts";
import type { LogEntry } from "../../../../node/jobs/search/leases/member-messages.ts";
import { fieldsOf, type LeaseStep } from "../../../../node/jobs/search/leases/step.ts";
import { SafeLog } from "../../../../node/jobs/search/safe-log.ts";

const OPEN = [{ from: 0, to: 100 }];
const STEPS: readonly LeaseStep[] = [
  { kind: "grant", lease: 1, node: 3, lane: 0, from: 0, to: 30 },
  { kind: "progress", lease: 1, to: 20 },
  { kind: "find", node: 3, nonce: 77n },
];

/** Entries a second apart, from a sequence on. */
function entries(steps: readonly LeaseStep[], first = 1): LogEntry[] {
  const bytes = new Uint8Array(32);
  return steps.map((step, index) => {
    const sequence = first + index;
    const frame = { job: bytes, round: 1, view: 0, sequence, previous: bytes, manager: 7 };
    const entry = { ...frame, ...fieldsOf(step), at: BigInt(1_000 * sequence) };
    return { signed: { entry, signature: new Uint8Array(64) } };
  });
}

function safeLog(): SafeLog {
  return new SafeLog(() => new LeaseTable({ open: OPEN }));
}

const nothing = (): void => {};

describe("log that more than half of a team holds", () => {
  it("says which units a node may claim, and which node found a nonce", async () => {
    const log = safeLog();
    const workers: (number | undefined)[] = [];
    log.add(entries(STEPS), 0, ({ worker }) => workers.push(worker));
    expect(workers).deep.equal([undefined, 3, undefined]);
    expect(log.ownedBy(3)).deep.equal([{ from: 0, to: 20 }]);
    const seen = await log.when(() => true, new AbortController().signal);
    expect(seen?.finderOf(77n)).equal(3);
  });

  it("starts again where a manager that takes over begins with another first entry", () => {
    const log = safeLog();
    log.add(entries(STEPS.slice(0, 2)), 0, nothing);
    log.add(entries(STEPS.slice(0, 1)), 0, nothing);
    expect(log.ownedBy(3)).deep.equal([]);
  });

  it("shows speeds by the time of the log, which goes on with this node's clock", () => {
    const log = safeLog();
    log.add(entries(STEPS.slice(0, 2)), 50_000, nothing);
    const speedAt = (now: number) => log.live(OPEN, now).nodes[0]?.unitsPerSecond;
    expect(speedAt(50_000)).equal(10);
    expect(speedAt(52_000)).equal(5);
    expect(speedAt(90_000)).equal(0);
  });

  it("waits for the entries that a claim needs, for as long as patience lasts", async () => {
    const log = safeLog();
    const patience = new AbortController();
    const has = (units: number) =>
      log.when((seen) => (seen.owned(3)[0]?.to ?? 0) >= units, patience.signal);
    const [some, more] = [has(20), has(25)];
    log.add(entries(STEPS.slice(0, 2)), 0, nothing);
    expect(await some).not.equal(undefined);
    patience.abort();
    expect(await more, "the log is not whole").equal(undefined);
    log.add(entries([{ kind: "close" }], 3), 0, nothing);
    expect(await has(25), "the log is closed: nothing follows").not.equal(undefined);
  });
});
