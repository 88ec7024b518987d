/** What we use of tinybench's own types. */
declare module 'tinybench' {
  export interface Task {
    readonly name: string;
    readonly result: {
      readonly latency?: { readonly p50: number; readonly p99: number };
      readonly error?: Error;
    };
  }
  export class Bench {
    constructor(options?: { time?: number; warmupTime?: number });
    add(name: string, run: () => void): this;
    run(): Promise<Task[]>;
  }
}
