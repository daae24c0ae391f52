import type { NodeLog } from "./telemetry/log.ts";

/** A service that looks at the chain after each block, and ends what it began when the node stops. */
export interface OnBlock {
  onBlock(): void;
  stop(): void;
}

/** Tells each of a block. One that fails is logged, and the others have their turn all the same. */
export function tellEach<Service extends object>(
  services: readonly Service[],
  tell: (service: Service) => void,
  log: Pick<NodeLog, "error">,
): void {
  for (const service of services) {
    try {
      tell(service);
    } catch (error) {
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
      log.error("a service failed on a block", { service: service.constructor.name, reason });
    }
  }
}
