import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect } from "chai";

const MODULE = new URL("../../node/lower-priority.ts", import.meta.url).href;

/** In a process of its own, since a priority cannot be raised again. */
async function priorityAfter(start: number, asked: number): Promise<number> {
  const program = `
    import { getPriority, setPriority } from "node:os";
    import { lowerPriority } from ${JSON.stringify(MODULE)};
    setPriority(${start});
    lowerPriority(${asked});
    console.log(getPriority());`;
  const args = ["--input-type=module-typescript", "--no-warnings", "--eval", program];
  return Number((await promisify(execFile)(process.execPath, args)).stdout);
}

describe("lowering the priority of a worker", function () {
  this.timeout(30_000);

  it("lowers a higher one", async () => {
    expect(await priorityAfter(11, 19)).to.equal(19);
  });

  it("leaves a lower one, as only a privileged process may raise it", async () => {
    expect(await priorityAfter(15, 10)).to.equal(15);
  });
});
