/** Of an order that says nothing of it, whatever its kind. */
export const DEFAULT_PHASE_SECONDS = 120;
