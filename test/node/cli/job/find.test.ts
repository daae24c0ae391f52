import { expect } from "chai";
import type { PomlClient } from "../../../../node/api/client.ts";
import { findJob } from "../../../../node/cli/job/find.ts";
import { expectCodeAsync } from "../../../helpers/expect-code.ts";

const ids = ["1f0c9a", "1f0d00", "abcdef"].map((start) => start.padEnd(64, "7"));
const client = {
  jobs: async () => ({ jobs: ids.map((id) => ({ id })) }),
} as unknown as Pick<PomlClient, "jobs">;

describe("a job by the start of its id", () => {
  it("is found by what a list shows, whole, cut or in capitals", async () => {
    for (const text of ["abcd", "abcdef777777", "abcdef7…", "ABCDEF7...", ids[2] ?? ""]) {
      expect(await findJob(client, text)).to.equal(ids[2]);
    }
  });

  it("is refused when several start so, and they are named", async () => {
    const short = await expectCodeAsync(() => findJob(client, "1f0"), "BAD_ARGUMENT");
    expect(short.message).to.contain("first 4 characters");
    const two = [...ids.slice(0, 2)].map((id) => ({ id: `1f0caa${id.slice(6)}`.slice(0, 64) }));
    const twins = { jobs: async () => ({ jobs: two }) } as unknown as Pick<PomlClient, "jobs">;
    const error = await expectCodeAsync(() => findJob(twins, "1f0c"), "UNKNOWN_JOB");
    expect(error.message).to.contain("2 jobs start so: 1f0caa7777777777…");
    expect(error.remedy).to.contain("more of the id");
  });

  it("says where the ids are when none starts so", async () => {
    const error = await expectCodeAsync(() => findJob(client, "0000"), "UNKNOWN_JOB");
    expect(error.remedy).to.contain("job list");
  });
});
