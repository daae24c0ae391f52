/**
 * How files lie in a torrent: sorted, and each starts on a piece boundary. The gap after a file is a padding file (BEP
 * 47), so no piece spans two files, and fetching some files moves no byte of the others. The cost is at most one piece
 * of zeros per file; these zeros travel, but they are never stored.
 */

export interface TorrentFile {
  /** Relative, with `/` between its parts. */
  readonly path: string;
  readonly length: number;
  readonly firstPiece: number;
  /** 0 for an empty file. */
  readonly pieces: number;
}

export interface Layout {
  readonly pieceLength: number;
  /** Of the whole torrent, padding included. */
  readonly length: number;
  readonly files: readonly TorrentFile[];
}

/** Where the bytes of one piece are: in one file, then padding. */
export interface PieceSpan {
  readonly path: string;
  readonly offset: number;
  /** Bytes in the file; the rest of the piece is zeros. */
  readonly length: number;
  readonly pieceLength: number;
}

/** Smaller pieces would cost more in messages than they save in padding (16 KiB: a fifth of the throughput). */
export const MIN_PIECE_LENGTH = 64 * 1024;
export const MAX_PIECE_LENGTH = 16 * 1024 * 1024;
const WANTED_PIECES = 1024;
/** So many piece hashes fit into a torrent file of the allowed size, with room for the paths. */
const MAX_PIECES = 100_000;
/**
 * Padding is half a piece per file on average: at most 1/64 of the bytes, unless the limit on pieces makes them larger.
 */
const PIECES_PER_FILE = 32;

export function pieceLengthFor(lengths: readonly number[]): number {
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const mean = total / lengths.length;
  let pieceLength = MIN_PIECE_LENGTH;
  while (
    pieceLength < MAX_PIECE_LENGTH &&
    (total / pieceLength > MAX_PIECES ||
      (total / pieceLength > WANTED_PIECES && mean / pieceLength >= 2 * PIECES_PER_FILE))
  ) {
    pieceLength *= 2;
  }
  return pieceLength;
}

/** Lays out files in the given order. */
export function layOut(
  files: readonly { readonly path: string; readonly length: number }[],
  pieceLength: number,
): Layout {
  let piece = 0;
  let length = 0;
  const placed = files.map((file) => {
    const pieces = Math.ceil(file.length / pieceLength);
    const at = { ...file, firstPiece: piece, pieces };
    if (pieces > 0) length = piece * pieceLength + file.length;
    piece += pieces;
    return at;
  });
  return { pieceLength, length, files: placed };
}

/** The zeros between a file and the next one that has bytes. */
export function paddingAfter(layout: Layout, file: TorrentFile): number {
  const end = file.firstPiece * layout.pieceLength + file.length;
  if (file.pieces === 0 || end === layout.length) return 0;
  return (file.firstPiece + file.pieces) * layout.pieceLength - end;
}

export function pieceSpans(layout: Layout): PieceSpan[] {
  const { pieceLength } = layout;
  return layout.files.flatMap((file) =>
    Array.from({ length: file.pieces }, (_, i): PieceSpan => {
      const offset = i * pieceLength;
      const start = (file.firstPiece + i) * pieceLength;
      return {
        path: file.path,
        offset,
        length: Math.min(pieceLength, file.length - offset),
        pieceLength: Math.min(pieceLength, layout.length - start),
      };
    }),
  );
}
