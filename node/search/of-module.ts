/** In a helper process: what a stranger's module gives once its trial is over. */
import { Algorithm } from "../../ml/search/algorithm.ts";
import { AlgorithmError, type AlgorithmFacts } from "../../ml/search/algorithm-error.ts";
import { type ProbeResult, probeAlgorithm } from "../../ml/search/check/probe.ts";

/** An error of the module is a result, too, so that its facts arrive. */
export type AnswerOf<Report> =
  | { readonly isGood: true; readonly report: Report }
  | {
      readonly isGood: false;
      readonly message: string;
      readonly facts: AlgorithmFacts;
      readonly remedy: string | undefined;
    };

export async function ofModule<Report>(
  bytes: Uint8Array,
  report: (algorithm: Algorithm, trial: ProbeResult) => Report,
): Promise<AnswerOf<Report>> {
  try {
    const algorithm = await Algorithm.open(bytes);
    return { isGood: true, report: report(algorithm, probeAlgorithm(algorithm, performance)) };
  } catch (error) {
    if (!(error instanceof AlgorithmError)) throw error;
    const { message, facts, remedy } = error;
    return { isGood: false, message, facts, remedy };
  }
}
