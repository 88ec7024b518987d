/** A chunk below this is copied behind the others instead of being kept: a received byte that is kept costs some 800. */
const SMALL = 1_024;

/** Blocks for small chunks double from the first to the second size, so that what is reserved never outgrows what has come. */
const FIRST_BLOCK = 64;
const LARGEST_BLOCK = 65_536;

const EMPTY = new Uint8Array(0);

/** A piece of the queue: bytes from `start` to `end`. Behind `end` there is room only in a place of our own (a block, or where a message is gathered), and only while it is the last. */
interface Piece {
  bytes: Uint8Array;
  start: number;
  end: number;
  /** Of the bytes, from the first time that some of them are taken as a view: to ask an array for it is a call into the engine. */
  buffer: ArrayBufferLike | undefined;
}

const GONE: Piece = pieceOf(EMPTY, 0);

function pieceOf(bytes: Uint8Array, end: number): Piece {
  return { bytes, start: 0, end, buffer: undefined };
}

/** Of a queue that holds nothing, as most do. */
const noPieces: Piece[] = [];

/**
 * Bytes in the order in which they came, cut as they came, taken as they are needed.
 *
 *     push  | a b c | d | e f g h |        take(5)  | a b c d e |        left  | f g h |
 *
 * Costs are linear in the bytes however they were cut: a large chunk is kept and not copied to its neighbours, unless all are gathered for a large message; small ones are collected in blocks.
 * Memory grows with what has come, to twice that at most, and never with a size that somebody claims.
 *
 * A queue owns the chunks that it is given, and what it gives away never changes: a block is only ever written behind the bytes that it already holds,
 * so a slice of it may be handed out while more is collected.
 */
export class ByteQueue {
  #pieces: Piece[] = noPieces;
  #head = 0;
  /** The piece at `#head`, where nearly everything happens. */
  #first = GONE;
  #length = 0;
  /** The block that small chunks were last collected in. */
  #block: Piece | undefined;
  /** The place for all of a large message, while more of it is to come. */
  #gathered: Piece | undefined;

  get length(): number {
    return this.#length;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    // Whoever reads at once finds the queue empty and pays no copy; only chunks that have to wait are collected.
    if (this.#length === 0) this.#first = this.#keep(chunk);
    else if (chunk.length >= SMALL && this.#gathered === undefined) this.#append(chunk);
    else this.#collect(chunk);
    this.#length += chunk.length;
  }

  /** The byte at `offset`, which must be there. */
  peek(offset: number): number {
    const first = this.#first;
    const index = first.start + offset;
    return index < first.end ? (first.bytes[index] as number) : this.#peekBehind(offset);
  }

  #peekBehind(offset: number): number {
    let rest = offset;
    for (let at = this.#head; at < this.#pieces.length; at += 1) {
      const piece = this.#at(at);
      if (rest < piece.end - piece.start) return piece.bytes[piece.start + rest] as number;
      rest -= piece.end - piece.start;
    }
    throw new RangeError(`byte ${offset} of ${this.#length}`);
  }

  /** How many of the first bytes are this one, at most `most`, as far as they lie in one piece. */
  countOf(byte: number, most: number): number {
    const { bytes, start, end } = this.#first;
    const last = Math.min(end, start + most);
    let at = start;
    while (at < last && bytes[at] === byte) at += 1;
    return at - start;
  }

  /** Takes four bytes as one number, big-endian. */
  uint32(): number {
    const value = this.peekUint32(0);
    this.skip(4);
    return value;
  }

  /** The four bytes at `offset`, which must be there, as one number, big-endian. */
  peekUint32(offset: number): number {
    const { bytes, start, end } = this.#first;
    const at = start + offset;
    const value =
      at + 4 <= end
        ? ((bytes[at] as number) << 24) |
          ((bytes[at + 1] as number) << 16) |
          ((bytes[at + 2] as number) << 8) |
          (bytes[at + 3] as number)
        : (this.peek(offset) << 24) |
          (this.peek(offset + 1) << 16) |
          (this.peek(offset + 2) << 8) |
          this.peek(offset + 3);
    return value >>> 0;
  }

  /**
   * Shows the bytes from `offset` on to `look`, piece by piece, until it finds something: gives back where that is in the queue, or -1.
   * `look(bytes, start, end)` gives back an index of `bytes`, or -1. Whoever asks has looked at nothing yet, or at all but the newest bytes: an end is near.
   */
  find(offset: number, look: (bytes: Uint8Array, start: number, end: number) => number): number {
    let [at, before] = offset * 2 < this.#length ? this.#fromHead(offset) : this.#fromTail(offset);
    for (; at < this.#pieces.length; at += 1) {
      const { bytes, start, end } = this.#at(at);
      const skipped = Math.max(0, offset - before);
      const found = look(bytes, start + skipped, end);
      if (found >= 0) return before + found - start;
      before += end - start;
    }
    return -1;
  }

  /** The first `count` bytes: a view where they lie in one piece, else exactly one new array. */
  take(count: number): Uint8Array {
    if (count === 0) return EMPTY;
    const first = this.#first;
    const { bytes, start, end } = first;
    if (end - start < count) return this.#copy(count);
    first.buffer ??= bytes.buffer;
    // A plain Uint8Array, whatever the chunk was: otherwise some messages were Buffers and some not, by the accident of their cut.
    const view = new Uint8Array(first.buffer, bytes.byteOffset + start, count);
    this.skip(count);
    return view;
  }

  /** The first bytes as they lie in one piece, at most `most`, and never a copy. */
  takePiece(most: number): Uint8Array {
    if (this.#length === 0) return EMPTY;
    return this.take(Math.min(most, this.#first.end - this.#first.start));
  }

  skip(count: number): void {
    const first = this.#first;
    if (first.start + count < first.end) {
      first.start += count;
      this.#length -= count;
    } else this.#skipPieces(count);
  }

  #skipPieces(count: number): void {
    this.#demand(count);
    this.#length -= count;
    let rest = count;
    while (rest > 0) {
      const piece = this.#first;
      const step = Math.min(rest, piece.end - piece.start);
      piece.start += step;
      rest -= step;
      if (piece.start === piece.end) this.#shift();
    }
  }

  takeAll(): Uint8Array {
    return this.take(this.#length);
  }

  /** The index of the piece that holds the byte at `offset`, and how many bytes come before the piece. */
  #fromHead(offset: number): [index: number, before: number] {
    let before = 0;
    let at = this.#head;
    for (; at < this.#pieces.length; at += 1) {
      const { start, end } = this.#at(at);
      if (before + end - start > offset) break;
      before += end - start;
    }
    return [at, before];
  }

  #fromTail(offset: number): [index: number, before: number] {
    let before = this.#length;
    let at = this.#pieces.length;
    while (at > this.#head && before > offset) {
      at -= 1;
      const { start, end } = this.#at(at);
      before -= end - start;
    }
    return [at, before];
  }

  #copy(count: number): Uint8Array {
    this.#demand(count);
    const whole = new Uint8Array(count);
    let filled = 0;
    while (filled < count) {
      const piece = this.#first;
      const step = Math.min(count - filled, piece.end - piece.start);
      whole.set(piece.bytes.subarray(piece.start, piece.start + step), filled);
      filled += step;
      this.skip(step);
    }
    return whole;
  }

  /** Behind the last piece, or as a part of it, where it lies behind it in memory, too: a message that spans the two need not be copied. */
  #append(chunk: Uint8Array): void {
    const last = this.#at(this.#pieces.length - 1);
    const { buffer, byteOffset, length } = last.bytes;
    if (chunk.buffer !== buffer || chunk.byteOffset !== byteOffset + length || last.end < length)
      this.#keep(chunk);
    else {
      last.bytes = new Uint8Array(buffer, byteOffset, length + chunk.length);
      last.end += chunk.length;
    }
  }

  #keep(chunk: Uint8Array): Piece {
    const piece = pieceOf(chunk, chunk.length);
    if (this.#pieces === noPieces) this.#pieces = [];
    this.#pieces.push(piece);
    return piece;
  }

  /**
   * Says that the first `count` bytes will be taken together, and that more of them is to come. When half of a large message is here, in pieces, a place is made for all of it, and the rest is
   * collected there: with what it was copied from it takes one and a half times its size, where the pieces and a copy of all of them would take twice that.
   */
  gather(count: number): void {
    const isInPieces = this.#pieces.length - this.#head > 1;
    if (count <= LARGEST_BLOCK || this.#length * 2 < count || this.#length >= count || !isInPieces) return;
    const bytes = new Uint8Array(count);
    let filled = 0;
    for (let at = this.#head; at < this.#pieces.length; at += 1) {
      const { bytes: from, start, end } = this.#at(at);
      bytes.set(from.subarray(start, end), filled);
      filled += end - start;
    }
    this.#first = this.#gathered = pieceOf(bytes, filled);
    this.#pieces = [this.#first];
    this.#head = 0;
  }

  /** Copies a small chunk into the last block, and what does not fit there into the next. */
  #collect(chunk: Uint8Array): void {
    const last = this.#at(this.#pieces.length - 1);
    // A chunk that was kept fills its piece to the end of its bytes, so only a block of our own can have room.
    const fits = Math.min(chunk.length, last.bytes.length - last.end);
    last.bytes.set(chunk.subarray(0, fits), last.end);
    last.end += fits;
    if (fits === chunk.length) return;
    const rest = chunk.subarray(fits);
    if (rest.length >= SMALL) this.#keep(rest);
    else this.#openBlock(rest, last);
  }

  /** The block grows with the blocks before it, not with the queue: otherwise each small chunk between large ones would reserve a large block. */
  #openBlock(rest: Uint8Array, before: Piece): void {
    const grown = Math.min(before.bytes.length * 2, LARGEST_BLOCK);
    const size = this.#block === before ? grown : FIRST_BLOCK;
    const bytes = new Uint8Array(Math.max(size, rest.length));
    bytes.set(rest);
    this.#block = pieceOf(bytes, rest.length);
    this.#pieces.push(this.#block);
  }

  /** Drops the first piece. The array is cut only now and then: a shift of a long one costs as much as its length. */
  #shift(): void {
    if (this.#first === this.#gathered) this.#gathered = undefined;
    this.#head += 1;
    if (this.#head === this.#pieces.length) {
      this.#pieces = noPieces;
      this.#head = 0;
    } else if (this.#head >= 64 && this.#head * 2 >= this.#pieces.length) {
      this.#pieces.splice(0, this.#head);
      this.#head = 0;
    } else {
      // Let go of the bytes now, not at the next cut.
      this.#pieces[this.#head - 1] = GONE;
    }
    this.#first = this.#pieces[this.#head] ?? GONE;
  }

  #at(index: number): Piece {
    return this.#pieces[index] as Piece;
  }

  #demand(count: number): void {
    if (count > this.#length) throw new RangeError(`${count} of ${this.#length} bytes`);
  }
}
