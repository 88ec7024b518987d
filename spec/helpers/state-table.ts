/** Rows of four numbers, each row once, with the way in which each was first reached and every step between them. Holds millions. */
export class StateTable {
  #rows = new Int32Array(4 * 1_024);
  #parents = new Int32Array(1_024);
  #slots = new Int32Array(4_096).fill(-1);
  #steps = new Int32Array(2 * 4_096);
  #length = 0;
  #edges = 0;

  get length(): number {
    return this.#length;
  }

  get edges(): number {
    return this.#edges;
  }

  at(index: number): { readonly a: number; readonly b: number; readonly ab: number; readonly ba: number } {
    const row = index * 4;
    return {
      a: this.#rows[row] as number,
      b: this.#rows[row + 1] as number,
      ab: this.#rows[row + 2] as number,
      ba: this.#rows[row + 3] as number,
    };
  }

  parent(index: number): number {
    return this.#parents[index] as number;
  }

  /** The index of the row, which is new if it is the length before. */
  reach(a: number, b: number, ab: number, ba: number, from: number): number {
    const slot = this.#find(a, b, ab, ba);
    const known = this.#slots[slot] as number;
    const index = known >= 0 ? known : this.#add(slot, a, b, ab, ba, from);
    if (from >= 0) this.#connect(from, index);
    return index;
  }

  /** Some row from which no good one can be reached, or -1. */
  findUnable(isGood: (index: number) => boolean): number {
    const able = this.#able(isGood);
    return able.indexOf(0);
  }

  #able(isGood: (index: number) => boolean): Uint8Array {
    const { starts, sources } = this.#reversed();
    const able = new Uint8Array(this.#length);
    const todo: number[] = [];
    const mark = (index: number) => {
      if (able[index]) return;
      able[index] = 1;
      todo.push(index);
    };
    for (let index = 0; index < this.#length; index += 1) if (isGood(index)) mark(index);
    for (let index = todo.pop(); index !== undefined; index = todo.pop()) {
      for (let i = starts[index] as number; i < (starts[index + 1] as number); i += 1)
        mark(sources[i] as number);
    }
    return able;
  }

  /** Where the steps into each row come from, side by side. */
  #reversed(): { readonly starts: Int32Array; readonly sources: Int32Array } {
    const starts = new Int32Array(this.#length + 1);
    for (let i = 0; i < this.#edges; i += 1) bump(starts, (this.#steps[2 * i + 1] as number) + 1, 1);
    for (let i = 0; i < this.#length; i += 1) bump(starts, i + 1, starts[i] as number);
    const next = starts.slice();
    const sources = new Int32Array(this.#edges);
    for (let i = 0; i < this.#edges; i += 1) {
      const target = this.#steps[2 * i + 1] as number;
      sources[next[target] as number] = this.#steps[2 * i] as number;
      bump(next, target, 1);
    }
    return { starts, sources };
  }

  #connect(from: number, to: number): void {
    if (2 * this.#edges === this.#steps.length) this.#steps = grown(this.#steps);
    this.#steps[2 * this.#edges] = from;
    this.#steps[2 * this.#edges + 1] = to;
    this.#edges += 1;
  }

  #add(slot: number, a: number, b: number, ab: number, ba: number, from: number): number {
    const index = this.#length;
    if (4 * index === this.#rows.length) {
      this.#rows = grown(this.#rows);
      this.#parents = grown(this.#parents);
    }
    this.#rows.set([a, b, ab, ba], 4 * index);
    this.#parents[index] = from;
    this.#slots[slot] = index;
    this.#length += 1;
    if (2 * this.#length > this.#slots.length) this.#rehash();
    return index;
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 4).fill(-1);
    for (let index = 0; index < this.#length; index += 1) {
      const { a, b, ab, ba } = this.at(index);
      this.#slots[this.#find(a, b, ab, ba)] = index;
    }
  }

  /** The slot that holds the row, or the free one where it belongs. */
  #find(a: number, b: number, ab: number, ba: number): number {
    const mask = this.#slots.length - 1;
    let hash =
      Math.imul(a, 0x9e3779b1) ^
      Math.imul(b, 0x85ebca6b) ^
      Math.imul(ab, 0xc2b2ae35) ^
      Math.imul(ba, 0x27d4eb2f);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    let slot = (hash ^ (hash >>> 13)) & mask;
    for (;;) {
      const index = this.#slots[slot] as number;
      if (index < 0 || this.#is(index * 4, a, b, ab, ba)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #is(row: number, a: number, b: number, ab: number, ba: number): boolean {
    const rows = this.#rows;
    return rows[row] === a && rows[row + 1] === b && rows[row + 2] === ab && rows[row + 3] === ba;
  }
}

function grown(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}

function bump(array: Int32Array, index: number, by: number): void {
  array[index] = (array[index] as number) + by;
}
