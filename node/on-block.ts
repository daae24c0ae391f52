/** A service that looks at the chain after each block, and ends what it began when the node stops. */
export interface OnBlock {
  onBlock(): void;
  stop(): void;
}
