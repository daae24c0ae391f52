/**
 * What a node keeps of a block that changed the seats. A state is dropped once the next block is final, so the proof of
 * the seats that it appoints is made before that.
 */
import type { AppliedBlock } from "../apply-block.ts";
import type { State } from "../state/state.ts";
import type { Certificate } from "../types/block.ts";
import type { LightBlock } from "../types/light.ts";
import { proveAppointments } from "./appointments.ts";

/**
 * @param before the state to which the block was applied
 * @returns undefined when the block did not change the seats
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
