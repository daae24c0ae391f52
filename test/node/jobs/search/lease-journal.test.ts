import { expect } from "chai";
import type { Disk } from "../../../../node/disk.ts";
import { LeaseJournal } from "../../../../node/jobs/search/lease-journal.ts";
import { Member } from "../../../../node/jobs/search/leases/member.ts";
import type { JournalNote } from "../../../../node/jobs/search/leases/member-messages.ts";
import { entry, grant, JOB, promised, UNSIGNED } from "../../../helpers/lease-team.ts";
import { MemoryDisk } from "../../../sim/jobs/memory-disk.ts";
import { Random } from "../../../sim/random.ts";

const first = entry(undefined, grant(1, 5, 0));
const second = entry(first, grant(2, 6, 10));
const takeover = {
  ...entry(first, { kind: "takeover" }, { manager: 101, view: 1 }),
  proof: { promises: [promised(1, 1, first), promised(2, 1, first)] },
};
const NOTES: readonly JournalNote[] = [
  { kind: "promise", view: 0 },
  { kind: "log", after: 0, entries: [first, second] },
  { kind: "promise", view: 1 },
  { kind: "log", after: 1, entries: [] },
  { kind: "log", after: 1, entries: [takeover] },
];

function memory(seed: number): { readonly disk: Disk; readonly power: MemoryDisk } {
  const power = new MemoryDisk(new Random(seed));
  return { disk: power.of({ pause: async () => {} }), power };
}

/** A disk that fails each write while it is broken, after some of the bytes. */
function breakable(disk: Disk, isBroken: () => boolean): Disk {
  return {
    ...disk,
    open: async (path, flags) => {
      const file = await disk.open(path, flags);
      return {
        read: (...args) => file.read(...args),
        write: (...args) => file.write(...args),
        stat: () => file.stat(),
        close: () => file.close(),
        datasync: async () => {
          if (isBroken()) throw new Error("EIO");
          await file.datasync();
        },
        writeFile: async (bytes) => {
          if (!isBroken()) return file.writeFile(bytes);
          await file.writeFile(bytes.subarray(0, Math.floor(bytes.length / 3)));
          throw new Error("EIO");
        },
      };
    },
  };
}

describe("journal of a member of a team", () => {
  it("gives back what was written, in order, through several lives", async () => {
    const { disk } = memory(1);
    for (const [i, note] of NOTES.entries()) {
      const { journal, notes } = await LeaseJournal.open("/leases/a", disk);
      expect(notes).deep.equal(NOTES.slice(0, i));
      await journal.write(note);
      await journal.end();
    }
    const { journal, notes } = await LeaseJournal.open("/leases/a", disk);
    expect(notes).deep.equal(NOTES);
    await journal.end();
    const options = { job: JOB, round: 1, team: [100, 101, 102], open: [{ from: 0, to: 100 }] };
    const signs = {
      sign: (one: (typeof first)["signed"]["entry"]) => ({ entry: one, signature: UNSIGNED }),
      signPromise: (promise: ReturnType<typeof promised>["promise"]) => ({
        promise,
        signature: UNSIGNED,
      }),
    };
    const member = new Member({ ...options, ...signs, self: 2, now: 0, isForgetful: false }, notes);
    expect(member.log.map(({ signed }) => signed)).deep.equal([first.signed, takeover.signed]);
  });

  it("has all that it acknowledged after the power fails, wherever it fails", async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const { disk, power } = memory(seed);
      const { journal } = await LeaseJournal.open("/leases/a", disk);
      const done = new Random(seed).between(0, NOTES.length - 1);
      for (const note of NOTES.slice(0, done)) await journal.write(note);
      // On its way when the power fails; nobody was told of it.
      journal.write(NOTES[done] ?? { kind: "promise", view: 9 }).catch(() => {});
      power.losePower();
      const { notes } = await LeaseJournal.open("/leases/a", disk);
      expect(notes.slice(0, done), `seed ${seed}`).deep.equal(NOTES.slice(0, done));
      expect(notes.length, `seed ${seed}`).at.most(done + 1);
    }
  });

  it("acknowledges nothing while its disk fails, and goes on when it works again", async () => {
    const { disk } = memory(3);
    let isBroken = false;
    const { journal } = await LeaseJournal.open(
      "/leases/a",
      breakable(disk, () => isBroken),
    );
    await journal.write(NOTES[0] as JournalNote);
    isBroken = true;
    const failed = await Promise.allSettled(NOTES.slice(1, 3).map((note) => journal.write(note)));
    expect(failed.map(({ status }) => status)).deep.equal(["rejected", "rejected"]);
    isBroken = false;
    await journal.write(NOTES[2] as JournalNote);
    await journal.end();
    const { notes } = await LeaseJournal.open("/leases/a", disk);
    expect(notes).deep.equal([NOTES[0], NOTES[2]]);
  });
});
