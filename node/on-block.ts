import type { NodeLog } from "./telemetry/log.ts";

/** A service that looks at the chain after each block, and stops its work when the node stops. */
export interface OnBlock {
  onBlock(): void;
  stop(): void;
}

/** Informs each service of a block. A failure of one is logged, and the others are still informed. */
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
