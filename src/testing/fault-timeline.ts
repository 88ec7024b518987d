import { parseMoments, type Timed } from './diagram.js';
import type { Fault } from './faults.js';
import { Named, type Row } from './scene.js';
import type { VirtualNetwork } from './virtual-network.js';
import type { VirtualTime } from './virtual-time.js';

/** Lets faults happen at the times of a diagram, on the test's ruler. Each lasts until something ends it: `repair()`, `release()`, `calm()`, or the test's end. */
export type FaultTimeline = (diagram: string, faults: Readonly<Record<string, Fault>>) => void;

export function faultTimeline(time: VirtualTime, net: VirtualNetwork, rows: Row[]): FaultTimeline {
  const going: { readonly kind: string; readonly end: () => void }[] = [];
  const marks: Timed[] = [];
  rows.push({ name: 'faults', kind: 'faults', marks });

  function begin(letter: string, fault: Fault): void {
    marks.push({ frame: time.now, notification: { kind: 'N', value: new Named(letter, fault.text) } });
    const { ends } = fault;
    if (ends !== undefined) endAll(ends);
    going.push({ kind: fault.kind, end: fault(net) });
  }

  function endAll(kind: string): void {
    for (const one of going.filter((each) => kind === '' || each.kind === kind)) {
      one.end();
      going.splice(going.indexOf(one), 1);
    }
  }

  return (diagram, faults) => {
    for (const { frame, letter } of parseMoments(diagram)) {
      const fault = faults[letter];
      // A fault that is not called yet, `partition` for `partition()`, would do nothing.
      if (typeof fault?.text !== 'string') throw new TypeError(`The diagram's "${letter}" is no fault`);
      time.scheduler.schedule(() => begin(letter, fault), Math.max(frame - time.now, 0));
    }
  };
}
