import type { CollectingWriter } from './collecting-writer.js';
import type { Frame } from './frame.js';
import { type Answer, Outbox, Sending } from './outbox.js';
import { isMany } from './told.js';
import type { DrawnBody, Sender } from './way-out.js';

/** Small messages, of one who sends many or of single senders, which begin and leave together. The first begins as any message does, the others join it. */
class Run extends Sending {
  /** Of the messages that were not told of. */
  bytes = this.frame.body.length;
  /** How many have an outcome, and how many were told of it. */
  answered = 0;
  told = 0;
  /** Its single senders, behind the first; the frames behind the first, where each has an outcome of its own; and the places of those that were refused. */
  others: Sender[] | undefined;
  frames: Frame[] | undefined;
  refusals: number[] | undefined;

  /** One who sends many is told once. */
  override get untold(): readonly Sender[] {
    return this.others ? [this.sender, ...this.others].slice(this.told) : super.untold;
  }

  override answer(of: Answer): boolean {
    super.answer(of);
    if (of === 'refused') {
      this.refusals ??= [];
      this.refusals.push(this.answered);
    }
    this.answered++;
    return this.answered === this.count;
  }

  /** Where the messages before have their outcome, this one has it, too. */
  join(frame: Frame, sender: Sender): void {
    if (this.answered === this.count) this.answered++;
    else {
      this.frames ??= [];
      this.frames.push(frame);
    }
    this.count++;
    this.bytes += frame.body.length;
    if (isMany(sender)) return;
    this.others ??= [];
    this.others.push(sender);
  }
}

/** The sends of a connection whose writer collects what is small. */
export class RunOutbox extends Outbox {
  declare readonly out: CollectingWriter;
  /** Begun last, and all of it went to the wire at once: what follows may join it. */
  #run: Run | undefined;

  protected override endRun(): void {
    this.#run = undefined;
  }

  protected override sending(
    sender: Sender,
    frame: Frame,
    source: DrawnBody | undefined,
    order: number,
  ): Run {
    return new Run(sender, frame, source, order);
  }

  protected override begin(run: Run): void {
    this.#run = run;
    super.begin(run);
    if (!run.whole) this.#run = undefined;
  }

  protected override joined(frame: Frame, sender: Sender): Run | undefined {
    const run = this.#run;
    if (!run || !areTogether(run.sender, sender)) return undefined;
    if (!this.out.takesAlong(frame) || !this.#follows(frame)) return undefined;
    this.out.follow(frame);
    run.join(frame, sender);
    return run;
  }

  /** Whether a frame only has to be written, behind the one begun last. */
  #follows(frame: Frame): boolean {
    const { talk } = this.owner.machine;
    return talk === undefined || talk.follow?.(frame) === true;
  }

  /** Tells of the messages that have an outcome: of all of them, but where the answers to a run come a few at a time. */
  protected override settleHead(run: Run): boolean {
    const first = run.told;
    const count = run.answered - first;
    if (count === 0) return false;
    const isWhole = run.answered === run.count;
    if (isWhole) this.shiftBegun();
    run.told = run.answered;
    const bytes = bytesOf(run, first);
    run.bytes -= bytes;
    this.forget(run, count, bytes);
    this.#tellFrom(run, first, count);
    return isWhole;
  }

  #tellFrom(run: Run, first: number, count: number): void {
    const { others, refusals } = run;
    if (!others && !refusals) this.tellTaken(run.sender, count);
    else
      for (let at = first; at < first + count; at++) {
        const sender = others?.[at - 1] ?? run.sender;
        if (refusals?.includes(at)) this.tellRefused(sender, frameOf(run, at));
        else this.tellTaken(sender, 1);
      }
  }
}

/** Whether their messages may be one run: those of one sender, and single ones. */
function areTogether(one: Sender, other: Sender): boolean {
  return one === other || !(isMany(one) || isMany(other));
}

/** The frame at a place of a run. */
function frameOf({ frame, frames }: Run, at: number): Frame {
  return frames?.[at - 1] ?? frame;
}

/** The bytes of the messages that are told of from the first place on. */
function bytesOf(run: Run, first: number): number {
  if (run.told === run.count) return run.bytes;
  let bytes = 0;
  for (let at = first; at < run.told; at++) bytes += frameOf(run, at).body.length;
  return bytes;
}
