/** Processor time of this process, for `ml/baseline/core-share.ts`. */
import type { CoreMeter } from "../ml/baseline/core-share.ts";

export const processMeter: CoreMeter = {
  now: () => performance.now(),
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
};
