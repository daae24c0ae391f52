import { join } from "node:path";
import { expect } from "chai";
import { systemDisk } from "../../../../node/disk.ts";
import { RoundMemory } from "../../../../node/jobs/search/round-memory.ts";
import { maySubManage } from "../../../../node/jobs/search/sub-memory.ts";
import { SearchStory } from "../../../helpers/search-run.ts";
import { TemporaryFolders } from "../../../helpers/temporary.ts";

const { job: JOB } = new SearchStory();

/** A process of the node. */
class Process {
  readonly #folder: string;
  readonly #memory = new RoundMemory({ startedAt: 0 });

  constructor(folder: string) {
    this.#folder = folder;
    this.#memory.onBlock(10, 1, 1);
  }

  /** The round began while it was running. */
  sees(round: number): this {
    this.#memory.onJob({ ...JOB, round, phaseSince: 10 });
    return this;
  }

  may(round: number): Promise<boolean> {
    const pathOf = (key: string): string => join(this.#folder, key);
    return maySubManage(JOB.id, round, { disk: systemDisk, memory: this.#memory, pathOf });
  }
}

describe("what a sub-manager knows of its own past", () => {
  const folders = new TemporaryFolders();
  after(() => folders.removeAll());

  it("serves in a round that is new to it, and not again in that round after it was started again", async () => {
    const folder = await folders.create();
    expect(await new Process(folder).sees(1).may(1)).equal(true);
    const again = new Process(folder);
    expect(await again.may(1)).equal(false);
    // Its disk says that it lost nothing.
    expect(await again.may(2)).equal(true);
    expect(await new Process(folder).may(2)).equal(false);
  });

  it("gives no leases in rounds in which it may have given some before it lost its disk", async () => {
    expect(await new Process(await folders.create()).sees(1).may(1)).equal(true);
    const empty = await folders.create();
    const again = new Process(empty);
    expect(await again.may(1)).equal(false);
    // It may have been there ahead of the chain.
    expect(await again.may(2)).equal(false);
    expect(await again.sees(2).may(3)).equal(true);
  });

  it("does not take the files of a process that had forgotten a round for a memory of it", async () => {
    const folder = await folders.create();
    expect(await new Process(folder).may(1)).equal(false);
    const third = new Process(folder);
    expect(await third.may(1)).equal(false);
    expect(await third.may(2)).equal(false);
  });
});
