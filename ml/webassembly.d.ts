/**
 * The part of the WebAssembly API that the project uses. TypeScript declares it only in its "dom" library, which would
 * also bring window and document into a Node program.
 */

declare namespace WebAssembly {
  class Module {
    private constructor();
  }

  class Memory {
    /** Sizes in pages of 64 KiB. */
    constructor(descriptor: { initial: number; maximum?: number });
    readonly buffer: ArrayBuffer;
  }

  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, unknown>>);
    readonly exports: Record<string, unknown>;
  }

  function compile(bytes: Uint8Array<ArrayBuffer>): Promise<Module>;
}
