/** The length of a phase of an order that does not state one, for every kind of work. */
export const DEFAULT_PHASE_SECONDS = 120;
