import { expect } from "chai";
import {
  type AggregationName,
  type AggregationSpec,
  JOB_AGGREGATIONS,
  SERVER_OPTIMIZERS,
} from "../../../chain/types/aggregation.ts";
import { MAX_COMPARED } from "../../../chain/workload/train/check-aggregation.ts";
import { SERVER_DEFAULTS, type ServerSettings } from "../../../ml/job-aggregation.ts";
import { aggregationOf } from "../../helpers/aggregation.ts";
import { TestChain } from "../../helpers/chain.ts";
import { expectCode } from "../../helpers/expect-code.ts";
import { expectApplies, expectRefused } from "../../helpers/expect-transaction.ts";
import { jobSpec, openJob } from "../../helpers/job-run.ts";

const MILLION = 1_000_000;
type Bounds = Readonly<Record<string, readonly [number, number]>>;

describe("job-open, and how updates are combined", () => {
  const chain = new TestChain();
  const { client } = chain;
  const opening = (aggregation: AggregationSpec, participants = 4) =>
    openJob(chain, client, jobSpec("job", { pricePerUnit: 1000n, aggregation, participants }));

  const UNUSED = [0, 0] as const;
  const FRACTION = [0, MILLION - 1] as const;
  const HOSTILE = [0, MILLION / 2 - 1] as const;
  const CLIP = [0, 1000 * MILLION] as const;
  const ALWAYS: Bounds = {
    bucket: [1, 16],
    learningRate: [1, 10 * MILLION],
    momentum: FRACTION,
  };
  const OF_RULE: Readonly<Record<AggregationName, Bounds>> = {
    fedavg: { hostile: UNUSED, clip: UNUSED },
    median: { hostile: UNUSED, clip: UNUSED },
    "trimmed-mean": { hostile: HOSTILE, clip: UNUSED },
    krum: { hostile: HOSTILE, clip: UNUSED },
    "multi-krum": { hostile: HOSTILE, clip: UNUSED },
    "geometric-median": { hostile: UNUSED, clip: UNUSED },
    "centred-clipping": { hostile: UNUSED, clip: CLIP },
    "norm-clipping": { hostile: UNUSED, clip: CLIP },
  };
  const TAU = [1, 1000 * MILLION] as const;
  const OF_SERVER: Readonly<Record<ServerSettings["kind"], Bounds>> = {
    sgd: { beta2: UNUSED, tau: UNUSED },
    adagrad: { beta2: UNUSED, tau: TAU },
    adam: { beta2: FRACTION, tau: TAU },
    yogi: { beta2: FRACTION, tau: TAU },
  };

  function expectBounds(spec: AggregationSpec, bounds: Bounds): void {
    for (const [setting, [low, high]] of Object.entries(bounds)) {
      const changed = (value: number) => opening({ ...spec, [setting]: value });
      for (const value of [low, high]) expectApplies(chain, changed(value));
      for (const value of low === 0 ? [high + 1] : [low - 1, high + 1]) {
        const { field } = expectRefused(chain, changed(value), "BAD_FIELD");
        expect(field).to.equal(`spec.aggregation.${setting}`);
      }
    }
  }

  for (const rule of JOB_AGGREGATIONS) {
    it(`refuses BAD_FIELD for settings of ${rule} beyond their limits, and for those it does not use`, () => {
      expectBounds(aggregationOf(rule), { ...ALWAYS, ...OF_RULE[rule] });
    });
  }

  for (const [kind, server] of Object.entries(SERVER_DEFAULTS)) {
    it(`refuses BAD_FIELD for settings of the server ${kind} beyond their limits, and for those it does not use`, () => {
      expectBounds(aggregationOf("fedavg", {}, server), OF_SERVER[server.kind]);
    });
  }

  it("refuses BAD_FIELD for a rule or a server nobody knows, and names those there are", () => {
    const spec = aggregationOf("fedavg");
    const unknown = opening({ ...spec, rule: JOB_AGGREGATIONS.length });
    const error = expectCode(() => expectApplies(chain, unknown), "BAD_FIELD");
    expect(error.facts).to.include({ field: "spec.aggregation.rule" });
    expect(error.remedy).to.include("3 (krum)");
    const other = opening({ ...spec, server: SERVER_OPTIMIZERS.length });
    expect(expectRefused(chain, other, "BAD_FIELD").field).to.equal("spec.aggregation.server");
  });

  it("refuses BAD_FIELD where a rule would compare more updates than it may; larger buckets help", () => {
    const many = MAX_COMPARED + 1;
    expectApplies(chain, opening(aggregationOf("krum"), MAX_COMPARED));
    const { field } = expectRefused(chain, opening(aggregationOf("krum"), many), "BAD_FIELD");
    expect(field).to.equal("spec.aggregation.bucket");
    expectApplies(chain, opening(aggregationOf("krum", { bucket: 2 }), many));
    expectApplies(chain, opening(aggregationOf("median"), many));
  });
});
