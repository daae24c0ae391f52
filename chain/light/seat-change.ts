/**
 * What a node keeps of a block that changed the seats. A state is not kept once the next block is
 * final, so the proof of whom it appoints is taken while it is there.
 */
import type { AppliedBlock } from "../apply-block.ts";
import type { State } from "../state/state.ts";
import type { Certificate } from "../types/block.ts";
import type { LightBlock } from "../types/light.ts";
import { proveAppointments } from "./appointments.ts";

/**
 * @param before the state the block was applied to
 * @returns undefined when the block left the seats as they were
 */
export function seatChange(
  before: Pick<State, "seats" | "nextSeats">,
  { block, state }: AppliedBlock,
  certificate: Certificate,
): LightBlock | undefined {
  if (state.seats === before.seats && state.nextSeats === before.nextSeats) return undefined;
  const { header } = block;
  return { header, certificate, seats: [...before.seats], appointed: proveAppointments(state) };
}
