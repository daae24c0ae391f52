/** A kind of work that this program does not know is no value of it, wherever the bytes come from. */
import { expect } from "chai";
import { decodeSsz } from "../../../chain/decode.ts";
import { JobProgress, JobRecord, JobWork, RoundGain } from "../../../chain/types/job.ts";
import { expectCode } from "../../helpers/expect-code.ts";
import { jobSpec } from "../../helpers/job-run.ts";

describe("kindUnion", () => {
  const bytes = JobWork.serialize(jobSpec("job").work);

  it("decodes what it encodes", () => {
    expect(decodeSsz("work", JobWork, bytes)).to.deep.equal(jobSpec("job").work);
  });

  for (const selector of [1, 127, 255]) {
    it(`refuses the unknown selector ${selector}`, () => {
      const other = Uint8Array.from(bytes);
      other[0] = selector;
      expectCode(() => decodeSsz("work", JobWork, other), "DECODE");
    });
  }

  it("refuses bytes that are missing or too many", () => {
    for (const wrong of [bytes.subarray(0, 0), bytes.subarray(0, 1), bytes.subarray(0, -1)]) {
      expectCode(() => decodeSsz("work", JobWork, wrong), "DECODE");
    }
    expectCode(() => decodeSsz("work", JobWork, Uint8Array.from([...bytes, 0])), "DECODE");
  });

  it("refuses an unknown or missing selector inside a container", () => {
    const record = JobRecord.serialize(JobRecord.defaultValue());
    const gainAt = record.length - RoundGain.serialize(RoundGain.defaultValue()).length;
    const other = Uint8Array.from(record);
    other[gainAt] = 1;
    expectCode(() => decodeSsz("record", JobRecord, other), "DECODE");
    expectCode(() => decodeSsz("record", JobRecord, record.subarray(0, gainAt)), "DECODE");
    expect(JobProgress.serialize(JobProgress.defaultValue())[0]).to.equal(0);
  });
});
