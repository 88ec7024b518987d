import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Case } from './case.js';
import { kinds, type Stage } from './kinds.js';
import type { Reading } from './meter.js';
import type { FromSide, Orders } from './sides.js';

/** Who is measured: a peer, as compiled into a script. */
export interface Contender {
  readonly name: string;
  readonly peer: string;
  readonly script: string;
  /** The Node to run it with. */
  readonly node: string;
}

/** How a process is run and for how long. */
export interface Conditions {
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Flags of Node's for each side. */
  readonly flags: (side: Stage['side']) => readonly string[];
}

/** One run: what was counted, and what each process used of the processor meanwhile, in seconds. */
export interface Run extends Reading {
  readonly cpu: Readonly<Partial<Record<Stage['side'], number>>>;
}

/** Ten thousand connections take a while on a busy machine. */
const longestMs = 90_000;

/** Runs fresh processes, one against the other. */
export async function measure(what: Case, who: Contender, conditions: Conditions): Promise<Run> {
  const sides: Side[] = [];
  try {
    let port = 0;
    const stages = kinds[what.kind];
    for (const stage of stages) {
      const side = new Side(what, who, stage, port, conditions);
      sides.push(side);
      if (stage !== stages.at(-1)) port = (await side.says('listening')).port;
    }
    const counts = sides.find((side) => side.stage.counts) as Side;
    await counts.says('began');
    const before = sides.map((side) => side.cpu());
    const { reading } = await counts.says('ended');
    const cpu = sides.map((side, at) => [side.stage.side, side.cpu() - (before[at] ?? 0)]);
    return { ...reading, cpu: Object.fromEntries(cpu) };
  } finally {
    await Promise.all(sides.map((side) => side.stop()));
  }
}

/** One process, and what it says. */
class Side {
  readonly #process: ChildProcess;
  readonly #said: FromSide[] = [];
  #heard: () => void = () => {};
  #failure: Error | undefined;
  readonly #isProfiled: boolean;

  constructor(
    { task }: Case,
    { name, peer, script, node }: Contender,
    readonly stage: Stage,
    port: number,
    { flags, warmUpMs, measureMs }: Conditions,
  ) {
    const { side, role, counts = false, by = peer } = stage;
    const orders: Orders = { peer: by, role, counts, task, port, warmUpMs, measureMs };
    const own = flags(side);
    this.#isProfiled = own.length > 0;
    this.#process = fork(script, [JSON.stringify(orders)], {
      execPath: node,
      execArgv: ['--expose-gc', ...own],
      env: { ...process.env, NODE_ENV: 'production' },
    });
    this.#process.on('message', (message: FromSide) => {
      this.#said.push(message);
      this.#heard();
    });
    this.#process.on('error', (error) => this.#fail(`${name}: ${error.message}`));
    this.#process.on('exit', (code) => this.#fail(`${name}: the ${side} ended with ${code}`));
    setTimeout(() => this.#fail(`${name}: the ${side} took too long`), longestMs).unref();
  }

  async says<Is extends FromSide['is']>(is: Is): Promise<Extract<FromSide, { is: Is }>> {
    for (;;) {
      const at = this.#said.findIndex((message) => message.is === is);
      if (at >= 0) return this.#said.splice(at, 1)[0] as Extract<FromSide, { is: Is }>;
      if (this.#failure) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }

  /** What it has used of the processor, in seconds. Asked of the system, not of the process, which may be too busy to answer; NaN where there is no such file. */
  cpu(): number {
    const threads = `/proc/${this.#process.pid}/task`;
    if (!existsSync(threads)) return Number.NaN;
    const nanoseconds = readdirSync(threads).map((thread) =>
      Number(readFileSync(`${threads}/${thread}/schedstat`, 'utf8').split(' ')[0]),
    );
    return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e9;
  }

  /** Killed, so that it does not complain of the other's end; told to stop, where it has a profile to write. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const gone = new Promise((resolve) => this.#process.once('exit', resolve));
    const kill = () => this.#process.kill('SIGKILL');
    if (this.#isProfiled && this.#process.connected) this.#process.send('stop');
    const late = setTimeout(kill, this.#isProfiled ? 3_000 : 0);
    await gone;
    clearTimeout(late);
  }

  #fail(text: string): void {
    this.#failure ??= new Error(text);
    this.#heard();
  }
}
